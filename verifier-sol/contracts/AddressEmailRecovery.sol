// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {EmailRecovery} from "./EmailRecovery.sol";
import {OwnerBytes} from "./OwnerBytes.sol";

/// @title Recovery for accounts whose owner is an address
/// @notice A key, or a contract that signs (ERC-1271). Votes for any other owner are refused.
abstract contract AddressEmailRecovery is EmailRecovery {
    /// @notice Replaces the account's owner, or reverts; see `EmailRecovery._replaceOwner`.
    /// @param account The account, which has code.
    /// @param newKey The new owner.
    function _replaceKey(address account, address newKey) internal virtual;

    /// @dev Whether the account could be given this owner; see `_isValidNewOwner`.
    function _isValidNewKey(address account, address newKey) internal view virtual returns (bool) {
        return newKey != address(0) && newKey != account;
    }

    /// @dev See `_replaceKey`.
    function _replaceOwner(address account, bytes memory newOwner) internal override {
        _replaceKey(account, OwnerBytes.toAddress(newOwner));
    }

    /// @dev See `_isValidNewKey`.
    function _isValidNewOwner(address account, bytes memory newOwner)
        internal
        view
        override
        returns (bool)
    {
        return OwnerBytes.isAddress(newOwner)
            && _isValidNewKey(account, OwnerBytes.toAddress(newOwner));
    }
}
