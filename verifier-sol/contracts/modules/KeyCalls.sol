// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @notice A call that gives somebody a new key: everything but the key is fixed beforehand.
/// @param target Whom the account calls.
/// @param keyOffset Where in `callData` the key's 20 bytes go, where zeros stand; 0 for a call that
/// does not name the key.
/// @param callData The call data: `abi.encodeCall(setter, (address(0)))` with offset 16, for
/// example.
struct KeyCall {
    address target;
    uint16 keyOffset;
    bytes callData;
}

/// @title Calls with a place for a key
/// @notice Which calls are well-formed, and how the key gets into them.
library KeyCalls {
    /// @notice The most calls that a recovery makes.
    uint256 internal constant MAX_CALLS = 4;

    /// @notice The longest call data.
    uint256 internal constant MAX_CALL_DATA_BYTES = 512;

    uint256 private constant SELECTOR_BYTES = 4;
    uint256 private constant KEY_BYTES = 20;

    /// @notice No call, or more than `MAX_CALLS`.
    error KeyCallCount(uint256 got, uint256 maximum);

    /// @notice Call data shorter than a selector or longer than `MAX_CALL_DATA_BYTES`.
    error KeyCallLength(uint256 index, uint256 got, uint256 maximum);

    /// @notice The key would not lie within the arguments.
    error KeyOffsetOutOfRange(uint256 index, uint256 offset, uint256 length);

    /// @notice Where the key goes there is something else than zeros: a wrong offset.
    error KeyPlaceTaken(uint256 index, uint256 offset);

    /// @notice None of the calls names the key.
    error KeyNotUsed();

    /// @notice Reverts unless the calls are well-formed and at least one of them names the key.
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
            uint256 offset = calls[i].keyOffset;
            if (offset == 0) continue;
            require(
                offset >= SELECTOR_BYTES && offset + KEY_BYTES <= length,
                KeyOffsetOutOfRange(i, offset, length)
            );
            require(_keyAt(calls[i].callData, offset) == address(0), KeyPlaceTaken(i, offset));
            used = true;
        }
        require(used, KeyNotUsed());
    }

    /// @notice The call data with the key in its place. Changes `call.callData` itself.
    /// @param call A call that {requireValid} has seen.
    /// @param key The key.
    /// @return callData The call data.
    function fill(KeyCall memory call, address key) internal pure returns (bytes memory callData) {
        callData = call.callData;
        uint256 offset = call.keyOffset;
        if (offset == 0) return callData;
        assembly ("memory-safe") {
            // The word that ends where the key ends: its first 12 bytes stay as they are.
            let place := add(add(callData, 20), offset)
            mstore(place, or(mload(place), shr(96, shl(96, key))))
        }
    }

    function _keyAt(bytes memory callData, uint256 offset) private pure returns (address key) {
        assembly ("memory-safe") {
            key := shr(96, shl(96, mload(add(add(callData, 20), offset))))
        }
    }
}
