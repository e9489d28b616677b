// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {
    IERC7579Execution,
    IERC7579Module,
    IERC7579ModuleConfig,
    MODULE_TYPE_EXECUTOR
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {EmailRecovery} from "../EmailRecovery.sol";
import {EmailRecoveryForwards} from "../EmailRecoveryForwards.sol";
import {OwnerBytes} from "../OwnerBytes.sol";
import {IRecoverySettings} from "../interfaces/IRecoverySettings.sol";
import {KeyCallRules} from "./KeyCallRules.sol";
import {KeyCall} from "./KeyCalls.sol";

/// @title Recovery by mail as an ERC-7579 executor
/// @notice Replaces the owner in a validator that the account uses already: `OwnerValidator`, or
/// any other whose key is set by calls of the account. Which calls, the account fixes when it
/// installs the module, but for the new owner's bytes; neither guardians nor whoever sends
/// the transaction can choose anything else.
///
/// An executor can make the account do anything. This one makes it do these calls, and only to
/// validators that are installed, or to the account itself.
///
/// The account is installed with `abi.encode(keyCalls, config)`. Not as part of its first user
/// operation with an init code: the checks read other contracts, which ERC-7562 forbids during
/// validation.
contract ERC7579EmailRecovery is EmailRecovery, IERC7579Module {
    /// @notice The rules for the calls, deployed with this contract.
    KeyCallRules public immutable RULES = new KeyCallRules();

    /// @notice The account is configured here already. If it lost the module without {onUninstall},
    /// {remove} clears what is left.
    error AlreadyInstalled(address account);

    /// @notice The account has not installed the module.
    error NotInstalled(address account);

    /// @notice The account has this module installed, so its configuration is its own affair.
    error ModuleInstalled(address account);

    /// @inheritdoc IERC7579Module
    /// @param data `abi.encode(keyCalls, config)`, a `KeyCall[]` and a `RecoveryConfig`.
    function onInstall(bytes calldata data) external {
        require(!isInitialized(msg.sender), AlreadyInstalled(msg.sender));
        (KeyCall[] memory keyCalls, RecoveryConfig memory config) =
            abi.decode(data, (KeyCall[], RecoveryConfig));
        _configure(msg.sender, config, abi.encode(keyCalls));
    }

    /// @inheritdoc IERC7579Module
    /// @dev Never reverts, whatever the data and the state: a pending recovery ends with the
    /// module.
    function onUninstall(bytes calldata) external {
        if (isInitialized(msg.sender)) _remove(msg.sender);
    }

    /// @notice Removes the configuration of an account that has uninstalled this module without
    /// telling it, or in spite of its protest, so that guardians of former times do not come back with
    /// the module. Anybody may call it.
    /// @param account The account.
    function removeUninstalled(address account) external {
        require(
            !IERC7579ModuleConfig(account)
                .isModuleInstalled(MODULE_TYPE_EXECUTOR, address(this), ""),
            ModuleInstalled(account)
        );
        _remove(account);
    }

    /// @notice `configure` with other calls.
    /// @param keyCalls The calls.
    /// @param config The configuration.
    function configureKeyCalls(KeyCall[] calldata keyCalls, RecoveryConfig calldata config)
        external
    {
        require(isInitialized(msg.sender), NotInstalled(msg.sender));
        _configure(msg.sender, config, abi.encode(keyCalls));
    }

    /// @inheritdoc EmailRecoveryForwards
    /// @dev The calls stay as they are.
    function configure(RecoveryConfig calldata config) public override {
        require(isInitialized(msg.sender), NotInstalled(msg.sender));
        super.configure(config);
    }

    /// @notice The calls that a recovery of `account` makes.
    /// @param account The account.
    /// @return The calls, with zeros where the key goes.
    function keyCallsOf(address account) public view returns (KeyCall[] memory) {
        bytes memory settings = settingsOf(account);
        return settings.length == 0 ? new KeyCall[](0) : abi.decode(settings, (KeyCall[]));
    }

    /// @notice Says whether `account` is configured here.
    /// @param account The account.
    /// @return Whether it is.
    function isInitialized(address account) public view returns (bool) {
        return _isConfigured(account);
    }

    /// @inheritdoc IERC7579Module
    function isModuleType(uint256 moduleTypeId) external pure returns (bool) {
        return moduleTypeId == MODULE_TYPE_EXECUTOR;
    }

    /// @inheritdoc IRecoverySettings
    /// @dev `abi.encode` of the calls. `configure` keeps them.
    function requireSettings(address account, bytes calldata settings) external view override {
        RULES.requireValid(account, settings);
    }

    /// @dev Every call that names the owner has to have room for it; there is always room for an address.
    function _isValidNewOwner(address account, bytes memory newOwner)
        internal
        view
        override
        returns (bool)
    {
        return super._isValidNewOwner(account, newOwner)
            && (OwnerBytes.isAddress(newOwner) || RULES.takes(settingsOf(account), newOwner));
    }

    /// @dev A call that fails reverts everything, so the recovery can be tried again until it
    /// expires.
    function _replaceOwner(address account, bytes memory newOwner) internal override {
        (bytes32 mode, bytes memory data) = RULES.execution(account, settingsOf(account), newOwner);
        IERC7579Execution(account).executeFromExecutor(mode, data);
    }
}
