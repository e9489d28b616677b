// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {GuardianId} from "../../contracts/interfaces/GuardianId.sol";
import {EmailCommitment, RegistryRoot} from "../../contracts/interfaces/PublicInputs.sol";
import {Vm} from "./Vm.sol";

/// @notice What every test contract here is.
abstract contract Test {
    /// @notice Tells forge that this is a test contract.
    bool public constant IS_TEST = true;

    /// @dev Where forge listens.
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function asRoot(uint256 value) internal pure returns (RegistryRoot) {
        return RegistryRoot.wrap(value);
    }

    function asGuardian(uint256 value) internal pure returns (GuardianId) {
        return GuardianId.wrap(value);
    }

    /// @dev The mailbox that a guardian is.
    function asMailbox(GuardianId guardian) internal pure returns (EmailCommitment) {
        return EmailCommitment.wrap(GuardianId.unwrap(guardian));
    }

    /// @dev An address as an owner.
    function asOwner(address key) internal pure returns (bytes memory) {
        return abi.encodePacked(key);
    }

    /// @dev The address that an owner is; zero for none.
    function asKey(bytes memory owner) internal pure returns (address) {
        require(owner.length == 0 || owner.length == 20, "no address");
        return address(bytes20(owner));
    }

    /// @dev What is known of a vote for a key; nothing for the key zero.
    function asVoted(address key) internal pure returns (bytes32) {
        return key == address(0) ? bytes32(0) : keccak256(asOwner(key));
    }

    function onlyRoot(RegistryRoot value) internal pure returns (RegistryRoot[] memory roots) {
        roots = new RegistryRoot[](1);
        roots[0] = value;
    }

    /// @dev A key that a registry takes, each number another: as DNS has it, without base64.
    function rsaKey(uint256 number) internal pure returns (bytes memory) {
        return abi.encodePacked(
            hex"30820122300d06092a864886f70d01010105000382010f003082010a0282010100",
            rsaModulus(number),
            hex"0203010001"
        );
    }

    /// @dev 2,048 bits, odd.
    function rsaModulus(uint256 number) internal pure returns (bytes memory modulus) {
        modulus = abi.encodePacked(
            type(uint256).max, number, type(uint256).max, type(uint256).max, new bytes(128)
        );
        modulus[255] = 0x01;
    }

    /// @dev A number of a range, spread evenly for small ranges.
    function bound(uint256 value, uint256 minimum, uint256 maximum)
        internal
        pure
        returns (uint256)
    {
        require(minimum <= maximum, "empty range");
        uint256 size = maximum - minimum + 1;
        return size == 0 ? value : minimum + value % size;
    }

    /// @dev An address that nobody else has.
    function makeAddr(string memory name) internal returns (address account) {
        account = address(uint160(uint256(keccak256(bytes(name)))));
        vm.label(account, name);
    }
}
