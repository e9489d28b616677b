// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {OwnerBytes} from "../OwnerBytes.sol";

/// @notice What a call has room for.
/// @dev `None`: it does not name the owner. `Key`: the 20 bytes of an address, where zeros stand. `Owner`:
/// an argument of type `bytes` that is empty and the last of the call data, into which any owner goes.
enum KeyPlace {
    None,
    Key,
    Owner
}

/// @notice A call that gives somebody a new owner: everything but the owner is fixed beforehand.
/// @param target Whom the account calls.
/// @param place What it has room for.
/// @param keyOffset For `KeyPlace.Key`, where in `callData` the 20 bytes go; else 0.
/// @param callData The call data: `abi.encodeCall(setter, (address(0)))` with `Key` and offset 16, or
/// `abi.encodeCall(setter, (bytes("")))` with `Owner`, for example.
struct KeyCall {
    address target;
    KeyPlace place;
    uint16 keyOffset;
    bytes callData;
}

/// @title Calls with a place for an owner
/// @notice Which calls are well-formed, and how the owner gets into them.
library KeyCalls {
    /// @notice The most calls that a recovery makes.
    uint256 internal constant MAX_CALLS = 4;

    /// @notice The longest call data.
    uint256 internal constant MAX_CALL_DATA_BYTES = 512;

    uint256 private constant SELECTOR_BYTES = 4;
    uint256 private constant KEY_BYTES = 20;
    uint256 private constant WORD_BYTES = 32;

    /// @notice No call, or more than `MAX_CALLS`.
    error KeyCallCount(uint256 got, uint256 maximum);

    /// @notice Call data shorter than a selector or longer than `MAX_CALL_DATA_BYTES`.
    error KeyCallLength(uint256 index, uint256 got, uint256 maximum);

    /// @notice The key would not lie within the arguments, or the call has no place for one and an offset.
    error KeyOffsetOutOfRange(uint256 index, uint256 offset, uint256 length);

    /// @notice Where the owner goes there is something else than zeros: a wrong offset, or a last
    /// argument that is not empty.
    error KeyPlaceTaken(uint256 index, uint256 offset);

    /// @notice None of the calls names the owner.
    error KeyNotUsed();

    /// @notice Reverts unless the calls are well-formed and at least one of them names the owner.
    /// @param calls The calls.
    function requireValid(KeyCall[] memory calls) internal pure {
        require(
            calls.length != 0 && calls.length <= MAX_CALLS, KeyCallCount(calls.length, MAX_CALLS)
        );
        bool used;
        for (uint256 i = 0; i < calls.length; ++i) {
            uint256 length = calls[i].callData.length;
            require(
                length >= SELECTOR_BYTES && length <= MAX_CALL_DATA_BYTES,
                KeyCallLength(i, length, MAX_CALL_DATA_BYTES)
            );
            if (calls[i].place == KeyPlace.Owner) _requireOwnerPlace(calls[i], i);
            else _requireKeyPlace(calls[i], i);
            used = used || calls[i].place != KeyPlace.None;
        }
        require(used, KeyNotUsed());
    }

    /// @notice Whether an owner fits into every call that names it.
    /// @param calls Calls that {requireValid} has seen.
    /// @param owner The owner.
    function takes(KeyCall[] memory calls, bytes memory owner) internal pure returns (bool) {
        if (OwnerBytes.isAddress(owner)) return true;
        for (uint256 i = 0; i < calls.length; ++i) {
            if (calls[i].place == KeyPlace.Key) return false;
        }
        return true;
    }

    /// @notice The call data with the owner in its place. May change `call.callData` itself.
    /// @param call A call that {requireValid} has seen.
    /// @param owner An owner that it {takes}.
    /// @return callData The call data.
    function fill(KeyCall memory call, bytes memory owner)
        internal
        pure
        returns (bytes memory callData)
    {
        callData = call.callData;
        if (call.place == KeyPlace.Key) {
            address key = OwnerBytes.toAddress(owner);
            uint256 offset = call.keyOffset;
            assembly ("memory-safe") {
                // The word that ends where the key ends: its first 12 bytes stay as they are.
                let at := add(add(callData, 20), offset)
                mstore(at, or(mload(at), key))
            }
        } else if (call.place == KeyPlace.Owner) {
            uint256 lengthAt = callData.length - WORD_BYTES;
            bytes memory padding = new bytes((WORD_BYTES - owner.length % WORD_BYTES) % WORD_BYTES);
            uint256 length = owner.length;
            assembly ("memory-safe") {
                mstore(add(add(callData, 0x20), lengthAt), length)
            }
            callData = abi.encodePacked(callData, owner, padding);
        }
    }

    function _requireKeyPlace(KeyCall memory call, uint256 index) private pure {
        uint256 offset = call.keyOffset;
        uint256 length = call.callData.length;
        bool isNone = call.place == KeyPlace.None;
        require(
            isNone ? offset == 0 : offset >= SELECTOR_BYTES && offset + KEY_BYTES <= length,
            KeyOffsetOutOfRange(index, offset, length)
        );
        require(
            isNone || _wordBefore(call.callData, offset + KEY_BYTES) << 96 == 0,
            KeyPlaceTaken(index, offset)
        );
    }

    /// @dev The last word is the length, 0, of the last argument.
    function _requireOwnerPlace(KeyCall memory call, uint256 index) private pure {
        uint256 length = call.callData.length;
        require(
            call.keyOffset == 0 && length >= SELECTOR_BYTES + 2 * WORD_BYTES,
            KeyOffsetOutOfRange(index, call.keyOffset, length)
        );
        require(_wordBefore(call.callData, length) == 0, KeyPlaceTaken(index, length - WORD_BYTES));
    }

    /// @dev The word that ends before this byte; for a key's, its first 12 bytes are something else.
    function _wordBefore(bytes memory callData, uint256 end) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(callData, end))
        }
    }
}
