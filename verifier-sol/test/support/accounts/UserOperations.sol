// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Published} from "./Published.sol";

/// @notice What these tests ask of an entry point beyond `IEntryPoint`.
interface IHashingEntryPoint is IEntryPoint {
    function getUserOpHash(PackedUserOperation calldata operation) external view returns (bytes32);
}

/// @notice User operations through the published entry point 0.8, at its address on all chains.
abstract contract UserOperations is Published {
    IHashingEntryPoint internal constant ENTRY_POINT =
        IHashingEntryPoint(0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108);

    address payable internal bundler = payable(makeAddr("bundler"));

    function deployEntryPoint() internal {
        deployArtefactAt(
            address(ENTRY_POINT), "@account-abstraction/contracts/artifacts/EntryPoint.json"
        );
    }

    /// @dev An operation with the next nonce of `nonceKey`, not signed, paid by the account.
    function operation(address sender, uint192 nonceKey, bytes memory callData)
        internal
        view
        returns (PackedUserOperation memory)
    {
        return PackedUserOperation({
            sender: sender,
            nonce: ENTRY_POINT.getNonce(sender, nonceKey),
            initCode: "",
            callData: callData,
            accountGasLimits: bytes32(abi.encodePacked(uint128(1_000_000), uint128(5_000_000))),
            preVerificationGas: 50_000,
            gasFees: bytes32(abi.encodePacked(uint128(1 gwei), uint128(1 gwei))),
            paymasterAndData: "",
            signature: ""
        });
    }

    function signed(PackedUserOperation memory op, Signer memory signer)
        internal
        view
        returns (PackedUserOperation memory)
    {
        op.signature = sign(signer, ENTRY_POINT.getUserOpHash(op));
        return op;
    }

    /// @dev A bundler sends the operation. What it does may fail without a revert here.
    function handle(PackedUserOperation memory op) internal {
        PackedUserOperation[] memory ops = new PackedUserOperation[](1);
        ops[0] = op;
        vm.prank(bundler, bundler);
        ENTRY_POINT.handleOps(ops, bundler);
    }

    /// @dev What the entry point says of a signature that is none.
    function signatureError() internal pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IEntryPoint.FailedOp.selector, uint256(0), "AA24 signature error"
            );
    }
}
