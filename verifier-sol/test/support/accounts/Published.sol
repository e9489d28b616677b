// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "../Test.sol";

/// @notice Contracts at chosen addresses, so that Subjects of fixtures can name what follows from
/// them; among these, the code that others have published on npm, as they compiled it.
abstract contract Published is Test {
    /// @dev A key of which the address is known.
    struct Signer {
        address addr;
        uint256 key;
    }

    function makeSigner(string memory name) internal returns (Signer memory signer) {
        signer.key = uint256(keccak256(bytes(name)));
        signer.addr = vm.addr(signer.key);
        vm.label(signer.addr, name);
    }

    /// @dev 65 bytes: r, s, v.
    function sign(Signer memory signer, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signer.key, digest);
        return abi.encodePacked(r, s, v);
    }

    function deployArtefactAt(address place, string memory artefact) internal {
        deployAt(place, vm.getCode(string.concat("node_modules/", artefact)));
    }

    /// @dev Runs the constructor in place, so that what it stores and creates is where it belongs.
    function deployAt(address place, bytes memory initcode) internal {
        vm.etch(place, initcode);
        (bool ok, bytes memory runtimeCode) = place.call("");
        require(ok, "constructor failed");
        vm.etch(place, runtimeCode);
    }
}
