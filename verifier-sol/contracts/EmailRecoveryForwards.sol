// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {EmailRecoveryChanges} from "./EmailRecoveryChanges.sol";
import {EmailRecoveryState} from "./EmailRecoveryState.sol";
import {IEmailRecovery} from "./interfaces/IEmailRecovery.sol";
import {IRecoverySettings} from "./interfaces/IRecoverySettings.sol";

/// @title How an account configures its recovery, as far as this contract's own code goes
/// @notice Hands on what `EmailRecoveryChanges` does.
abstract contract EmailRecoveryForwards is EmailRecoveryState, IRecoverySettings {
    /// @notice The other half of this contract, deployed with it and called by DELEGATECALL alone.
    EmailRecoveryChanges public immutable CHANGES = new EmailRecoveryChanges();

    /// @notice Another base has its variables before those of recovery, so the other half would not find them.
    error StorageNotFirst(uint256 slot, uint256 expected);

    constructor() {
        uint256 expected = CHANGES.storageSlot();
        if (_storageSlot() != expected) revert StorageNotFirst(_storageSlot(), expected);
    }

    /// @inheritdoc IEmailRecovery
    function configure(RecoveryConfig calldata config) public virtual {
        _configure(msg.sender, config, settingsOf(msg.sender));
    }

    /// @inheritdoc IEmailRecovery
    function cancelAndConfigure(RecoveryConfig calldata config) external {
        cancel();
        configure(config);
    }

    /// @inheritdoc IEmailRecovery
    function applyChange(address, RecoveryConfig calldata, bytes calldata) external {
        _forward(msg.data);
    }

    /// @inheritdoc IEmailRecovery
    function cancelChange() external {
        _forward(msg.data);
    }

    /// @inheritdoc IEmailRecovery
    function remove() external {
        _forward(msg.data);
    }

    /// @inheritdoc IEmailRecovery
    function cancel() public {
        Account storage state = _configured(msg.sender);
        emit RecoveryCancelled(msg.sender, _closeRound(state));
    }

    /// @inheritdoc IRecoverySettings
    /// @dev None, where nothing overrides this.
    function requireSettings(address, bytes calldata settings) external view virtual {
        if (settings.length != 0) revert SettingsNotEmpty(settings.length);
    }

    /// @dev `configure` with other settings of the integration, or for an account that speaks through
    /// something else, such as a module's installation.
    function _configure(address account, RecoveryConfig memory config, bytes memory settings)
        internal
    {
        _forward(abi.encodeCall(CHANGES.configureFor, (account, config, settings)));
    }

    /// @dev `remove` at once, for an account that leaves by dropping its module or provider.
    function _remove(address account) internal {
        _forward(abi.encodeCall(CHANGES.removeFor, (account)));
    }

    function _forward(bytes memory data) private {
        Address.functionDelegateCall(address(CHANGES), data);
    }
}
