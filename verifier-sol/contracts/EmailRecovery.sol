// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmailRecovery} from "./interfaces/IEmailRecovery.sol";

/// @title Core of recovery by mail
/// @notice The rules; see `IEmailRecovery`. An integration adds how an account's key is replaced.
abstract contract EmailRecovery is IEmailRecovery {
    /// @dev Replaces the account's key, or reverts: to return without having done so would lose the
    /// recovery. Called last, when the recovery is over in storage already, so the account may call
    /// back.
    /// @param account The account, which has code.
    /// @param newKey The key, which `_isValidNewKey` accepted when the votes came.
    function _replaceKey(address account, address newKey) internal virtual;

    /// @dev Whether the account could be given this key. Asked at every vote, so that guardians do
    /// not wait for a recovery that must fail. An integration refuses what it knows to be useless,
    /// such as the present key, and keeps these checks.
    function _isValidNewKey(address account, address newKey) internal view virtual returns (bool) {
        return newKey != address(0) && newKey != account;
    }
}
