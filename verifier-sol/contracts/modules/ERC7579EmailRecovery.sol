// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {
    Execution,
    IERC7579Execution,
    IERC7579Module,
    IERC7579ModuleConfig,
    MODULE_TYPE_EXECUTOR,
    MODULE_TYPE_VALIDATOR
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {EmailRecovery} from "../EmailRecovery.sol";
import {KeyCall, KeyCalls} from "./KeyCalls.sol";

/// @title Recovery by mail as an ERC-7579 executor
/// @notice Replaces the owner in a validator that the account uses already: `OwnerValidator`, or
/// any other whose key is set by calls of the account. Which calls, the account fixes when it
/// installs the module, but for the 20 bytes of the new key; neither guardians nor whoever sends
/// the transaction can choose anything else.
///
/// An executor can make the account do anything. This one makes it do these calls, and only to
/// validators that are installed, or to the account itself.
///
/// The account is installed with `abi.encode(keyCalls, config)`. Not as part of its first user
/// operation with an init code: the checks read other contracts, which ERC-7562 forbids during
/// validation.
contract ERC7579EmailRecovery is EmailRecovery, IERC7579Module {
    /// @dev First byte of ERC-7579's mode: one call, or several; the second one, zero, makes a
    /// failing call revert all.
    bytes32 private constant SINGLE = 0;
    bytes32 private constant BATCH = bytes32(bytes1(0x01));

    mapping(address account => KeyCall[]) private _keyCalls;

    /// @notice The calls that a recovery of `account` makes are others from now on.
    /// @param account The account.
    /// @param keyCalls The calls, with zeros where the key goes.
    event KeyCallsSet(address indexed account, KeyCall[] keyCalls);

    /// @notice The account is configured here already. If it lost the module without {onUninstall},
    /// {remove} clears what is left.
    error AlreadyInstalled(address account);

    /// @notice The account has not installed the module.
    error NotInstalled(address account);

    /// @notice The account has this module installed, so its configuration is its own affair.
    error ModuleInstalled(address account);

    /// @notice The target is neither the account nor one of its validators.
    error TargetNotValidator(address account, address target);

    /// @inheritdoc IERC7579Module
    /// @param data `abi.encode(keyCalls, config)`, a `KeyCall[]` and a `RecoveryConfig`.
    function onInstall(bytes calldata data) external {
        require(!isInitialized(msg.sender), AlreadyInstalled(msg.sender));
        (KeyCall[] memory keyCalls, RecoveryConfig memory config) =
            abi.decode(data, (KeyCall[], RecoveryConfig));
        _configure(msg.sender, config);
        _setKeyCalls(msg.sender, keyCalls);
    }

    /// @inheritdoc IERC7579Module
    /// @dev Never reverts, whatever the data and the state: a pending recovery ends with the
    /// module.
    function onUninstall(bytes calldata) external {
        if (isInitialized(msg.sender)) _forget(msg.sender);
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
        _forget(account);
    }

    /// @notice `configure` with other calls.
    /// @param keyCalls The calls.
    /// @param config The configuration.
    function configureKeyCalls(KeyCall[] calldata keyCalls, RecoveryConfig calldata config)
        external
    {
        configure(config);
        _setKeyCalls(msg.sender, keyCalls);
    }

    /// @inheritdoc EmailRecovery
    /// @dev The calls stay as they are.
    function configure(RecoveryConfig calldata config) public override {
        require(isInitialized(msg.sender), NotInstalled(msg.sender));
        super.configure(config);
    }

    /// @inheritdoc EmailRecovery
    function remove() public override {
        _forget(msg.sender);
    }

    /// @notice The calls that a recovery of `account` makes.
    /// @param account The account.
    /// @return The calls, with zeros where the key goes.
    function keyCallsOf(address account) external view returns (KeyCall[] memory) {
        return _keyCalls[account];
    }

    /// @notice Says whether `account` is configured here.
    /// @param account The account.
    /// @return Whether it has calls.
    function isInitialized(address account) public view returns (bool) {
        return _keyCalls[account].length != 0;
    }

    /// @inheritdoc IERC7579Module
    function isModuleType(uint256 moduleTypeId) external pure returns (bool) {
        return moduleTypeId == MODULE_TYPE_EXECUTOR;
    }

    /// @dev A call that fails reverts everything, so the recovery can be tried again until it
    /// expires.
    function _replaceKey(address account, address newKey) internal override {
        KeyCall[] memory keyCalls = _keyCalls[account];
        Execution[] memory executions = new Execution[](keyCalls.length);
        for (uint256 i = 0; i < keyCalls.length; ++i) {
            address target = keyCalls[i].target;
            _requireTarget(account, target);
            executions[i] = Execution(target, 0, KeyCalls.fill(keyCalls[i], newKey));
        }
        if (executions.length == 1) {
            IERC7579Execution(account)
                .executeFromExecutor(
                    SINGLE,
                    abi.encodePacked(executions[0].target, uint256(0), executions[0].callData)
                );
        } else {
            IERC7579Execution(account).executeFromExecutor(BATCH, abi.encode(executions));
        }
    }

    function _setKeyCalls(address account, KeyCall[] memory keyCalls) private {
        KeyCalls.requireValid(keyCalls);
        delete _keyCalls[account];
        for (uint256 i = 0; i < keyCalls.length; ++i) {
            _requireTarget(account, keyCalls[i].target);
            _keyCalls[account].push(keyCalls[i]);
        }
        emit KeyCallsSet(account, keyCalls);
    }

    function _forget(address account) private {
        _remove(account);
        delete _keyCalls[account];
    }

    function _requireTarget(address account, address target) private view {
        require(
            target == account
                || IERC7579ModuleConfig(account)
                    .isModuleInstalled(MODULE_TYPE_VALIDATOR, target, ""),
            TargetNotValidator(account, target)
        );
    }
}
