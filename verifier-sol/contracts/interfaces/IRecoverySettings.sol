// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title What a recovery contract keeps of an account beside its configuration
/// @notice Which owner of a Safe is replaced, which calls set a validator's owner. An integration that has such
/// settings judges them.
interface IRecoverySettings {
    /// @notice Reverts unless the integration could keep these settings for the account.
    /// @param account The account.
    /// @param settings The settings, empty where an integration has none.
    function requireSettings(address account, bytes calldata settings) external view;
}
