// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {OwnerBytes} from "./OwnerBytes.sol";
import {SEALED_MARK, SUBJECT_WORDS, SubjectWord} from "./interfaces/PublicInputs.sol";

/// @title The Subjects that a guardian's mail must have
/// @notice A contract builds the one Subject that it accepts and compares it with the proof's; it
/// never parses one. Addresses are 40 lower-case hex digits after 0x, numbers decimal without
/// leading zeros, so two different commands never have the same text.
library RecoverySubject {
    uint256 private constant BYTES_PER_WORD = 31;

    /// @notice What fits into the public inputs: 186 bytes.
    uint256 internal constant MAX_BYTES = SUBJECT_WORDS * BYTES_PER_WORD;

    /// @notice What a command says of an account, or that a mailbox signs something.
    enum Action {
        Guard,
        Recover,
        Cancel,
        Sign
    }

    /// @dev The version of the statement, so that no command of another one is the same.
    uint256 private constant COMMAND_VERSION = 2;

    /// @notice The text does not fit into the public inputs.
    error SubjectTooLong(uint256 length, uint256 maximum);

    /// @notice "Guard 0x<account> on <chain id> nonce <nonce>", at most 118 bytes.
    /// @param account The account to guard.
    /// @param chainId Its chain.
    /// @param nonce The nonce of its configuration.
    function acceptance(address account, uint128 chainId, uint64 nonce)
        internal
        pure
        returns (string memory)
    {
        return string.concat("Guard ", _where(account, chainId, nonce));
    }

    /// @notice "Recover 0x<account> on <chain id> nonce <nonce> to 0x<new owner>": at most 166 bytes for an
    /// owner of 20 bytes. Others are named by their keccak256, which takes 24 more and fits for chain ids
    /// of up to 35 digits.
    /// @param account The account to recover.
    /// @param chainId Its chain.
    /// @param nonce The nonce of its round.
    /// @param newOwner The owner that it shall have.
    function recovery(address account, uint128 chainId, uint64 nonce, bytes memory newOwner)
        internal
        pure
        returns (string memory)
    {
        string memory owner = OwnerBytes.isAddress(newOwner)
            ? _hex(OwnerBytes.toAddress(newOwner))
            : Strings.toHexString(uint256(keccak256(newOwner)), 32);
        return string.concat("Recover ", _where(account, chainId, nonce), " to ", owner);
    }

    /// @notice "Cancel 0x<account> on <chain id> nonce <nonce>", at most 119 bytes.
    /// @param account The account whose pending recovery is to end.
    /// @param chainId Its chain.
    /// @param nonce The nonce of its round.
    function cancellation(address account, uint128 chainId, uint64 nonce)
        internal
        pure
        returns (string memory)
    {
        return string.concat("Cancel ", _where(account, chainId, nonce));
    }

    /// @notice "Sign 0x<hash>", 71 bytes: what a mailbox writes as a signer of ERC-7913.
    /// @param hash What is signed.
    function signature(bytes32 hash) internal pure returns (string memory) {
        return string.concat("Sign ", Strings.toHexString(uint256(hash), 32));
    }

    /// @notice What a sealed Subject hides in the mail and shows on chain: 31 bytes of a hash of
    /// everything that the clear Subject says, and of the contract that asks.
    /// @param asker The recovery contract.
    /// @param account The account.
    /// @param chainId Its chain.
    /// @param action What is to happen.
    /// @param nonce The nonce of its configuration or its round.
    /// @param newOwner The new owner, as bytes; empty where the action sets none.
    function command(
        address asker,
        address account,
        uint128 chainId,
        Action action,
        uint64 nonce,
        bytes memory newOwner
    ) internal pure returns (uint256) {
        bytes32 owner = keccak256(newOwner);
        return uint256(
            keccak256(abi.encode(COMMAND_VERSION, chainId, asker, account, action, nonce, owner))
        ) >> 8;
    }

    /// @notice What the sealed form of `signature` hides: a command of no account, with the hash where others have
    /// the new owner.
    /// @param asker The contract that verifies it.
    /// @param chainId Its chain.
    /// @param hash What is signed.
    function signatureCommand(address asker, uint128 chainId, bytes32 hash)
        internal
        pure
        returns (uint256)
    {
        return command(asker, address(0), chainId, Action.Sign, 0, abi.encodePacked(hash));
    }

    /// @notice The public words of a Subject that is sealed over a command.
    /// @param hash The command.
    /// @return words What the public inputs must be.
    function packSealed(uint256 hash)
        internal
        pure
        returns (SubjectWord[SUBJECT_WORDS] memory words)
    {
        words[0] = SubjectWord.wrap(hash);
        words[SUBJECT_WORDS - 1] = SubjectWord.wrap(SEALED_MARK);
    }

    /// @notice Packs a text as the circuit does: 31 bytes to a word, big-endian, zeros on the right.
    /// @param text The whole Subject value.
    /// @return words What the public inputs must be.
    function pack(string memory text)
        internal
        pure
        returns (SubjectWord[SUBJECT_WORDS] memory words)
    {
        uint256 length = bytes(text).length;
        if (length > MAX_BYTES) revert SubjectTooLong(length, MAX_BYTES);
        // One byte more than six words take, since each is read with the byte behind it.
        bytes memory padded = abi.encodePacked(text, new bytes(MAX_BYTES + 1 - length));
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 offset = 0x20 + BYTES_PER_WORD * i;
            uint256 word;
            assembly ("memory-safe") {
                word := mload(add(padded, offset))
            }
            words[i] = SubjectWord.wrap(word >> 8);
        }
    }

    function _where(address account, uint128 chainId, uint64 nonce)
        private
        pure
        returns (string memory)
    {
        return string.concat(
            _hex(account), " on ", Strings.toString(chainId), " nonce ", Strings.toString(nonce)
        );
    }

    /// @dev 0x and 40 lower-case digits: as `Strings.toHexString`, for a fifth of the gas.
    function _hex(address value) private pure returns (string memory text) {
        text = new string(42);
        assembly ("memory-safe") {
            let at := add(text, 0x20)
            mstore(at, "0x")
            at := add(at, 2)
            for { let shift := 160 } shift { at := add(at, 1) } {
                shift := sub(shift, 4)
                mstore8(at, byte(and(shr(shift, value), 0x0f), "0123456789abcdef"))
            }
        }
    }
}
