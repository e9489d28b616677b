// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {RecoverySubject} from "./RecoverySubject.sol";

/// @title What a guardian signs that is no mailbox
/// @notice The commands of `RecoverySubject` as typed data (EIP-712), so that a wallet shows them. Each has
/// the time at which it is signed, as a mail has.
library RecoveryMessages {
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant NAME = keccak256("zkdkim email recovery");
    bytes32 private constant VERSION = keccak256("1");

    bytes32 private constant GUARD =
        keccak256("Guard(address account,uint64 nonce,uint40 signedAt)");
    bytes32 private constant RECOVER =
        keccak256("Recover(address account,uint64 nonce,bytes newOwner,uint40 signedAt)");
    bytes32 private constant CANCEL =
        keccak256("Cancel(address account,uint64 nonce,uint40 signedAt)");

    /// @notice The hash that is signed.
    /// @dev The domain is computed at each use: after a fork of the chain a signature for one side is none
    /// for the other.
    /// @param account The account.
    /// @param action What is to happen.
    /// @param nonce The nonce of its configuration or its round.
    /// @param newOwner The new owner; empty where the action sets none.
    /// @param signedAt When it is signed, in seconds.
    function hash(
        address account,
        RecoverySubject.Action action,
        uint64 nonce,
        bytes memory newOwner,
        uint40 signedAt
    ) internal view returns (bytes32) {
        bytes32 message;
        if (action == RecoverySubject.Action.Recover) {
            message = keccak256(abi.encode(RECOVER, account, nonce, keccak256(newOwner), signedAt));
        } else {
            bytes32 typehash = action == RecoverySubject.Action.Guard ? GUARD : CANCEL;
            message = keccak256(abi.encode(typehash, account, nonce, signedAt));
        }
        bytes32 domain =
            keccak256(abi.encode(DOMAIN_TYPEHASH, NAME, VERSION, block.chainid, address(this)));
        return keccak256(abi.encodePacked(hex"1901", domain, message));
    }
}
