// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EmailRecoveryStorage} from "./EmailRecoveryStorage.sol";
import {RecoveryConfigs} from "./RecoveryConfigs.sol";
import {RecoveryWeakening} from "./RecoveryWeakening.sol";
import {GuardianId} from "./interfaces/GuardianId.sol";
import {IEmailRecovery} from "./interfaces/IEmailRecovery.sol";
import {IRecoverySettings} from "./interfaces/IRecoverySettings.sol";

/// @title How an account configures its recovery
/// @notice What weakens it waits for the account's own delay, as a recovery does: the owner can take it
/// back, guardians can recover the account before, and whoever watches has time to tell them.
/// @dev The half of `EmailRecovery` that would not fit into its code (EIP-170). Each recovery contract deploys
/// one for itself, for ever, and calls it by DELEGATECALL: it acts on that contract's storage, which is laid
/// out by the same `EmailRecoveryStorage`. Called directly it acts on its own, which nobody reads.
contract EmailRecoveryChanges is EmailRecoveryStorage {
    /// @dev In place of the id of a configuration.
    bytes32 private constant REMOVAL = keccak256("remove");

    /// @notice `IEmailRecovery.configure` of the account, with settings of its integration.
    /// @param account The account.
    /// @param config The configuration.
    /// @param settings The settings.
    function configureFor(
        address account,
        IEmailRecovery.RecoveryConfig calldata config,
        bytes calldata settings
    ) external {
        Account storage state = _accounts[account];
        bool insecure = _requireValid(account, state, config, settings);
        if (_weakens(account, state, config, settings)) {
            bytes32 change = _changeId(config, settings);
            if (_mustWait(state, change)) {
                uint256 from = state.changeFrom;
                emit IEmailRecovery.ChangeScheduled(
                    account, change, from, from + CHANGE_PERIOD, config, settings
                );
                return;
            }
        }
        _apply(account, state, config, settings, insecure);
    }

    /// @notice `IEmailRecovery.applyChange`.
    /// @param account The account.
    /// @param config The configuration.
    /// @param settings The settings.
    function applyChange(
        address account,
        IEmailRecovery.RecoveryConfig calldata config,
        bytes calldata settings
    ) external {
        Account storage state = _configured(account);
        bytes32 change = _changeId(config, settings);
        if (state.changeFrom == 0 || state.change != change) {
            revert IEmailRecovery.ChangeNotScheduled(account, change);
        }
        _requireDue(state);
        _apply(account, state, config, settings, _requireValid(account, state, config, settings));
    }

    /// @notice `IEmailRecovery.cancelChange`.
    function cancelChange() external {
        Account storage state = _configured(msg.sender);
        if (state.changeFrom == 0) revert IEmailRecovery.ChangeNotScheduled(msg.sender, 0);
        _dropChange(msg.sender, state);
    }

    /// @notice `IEmailRecovery.remove`.
    function remove() external {
        Account storage state = _configured(msg.sender);
        _requireNonePending(msg.sender, state);
        if (_isArmed(state) && _mustWait(state, REMOVAL)) {
            uint256 from = state.changeFrom;
            emit IEmailRecovery.RemovalScheduled(msg.sender, from, from + CHANGE_PERIOD);
            return;
        }
        removeFor(msg.sender);
    }

    /// @notice `IEmailRecovery.remove` at once, with whatever is pending.
    /// @param account The account.
    function removeFor(address account) public {
        Account storage state = _configured(account);
        _closeRound(state);
        IEmailRecovery.RecoveryConfig memory nothing;
        _store(state, nothing, false);
        delete state.settings;
        delete state.setupNonce;
        delete state.configuredAt;
        delete state.changeFrom;
        delete state.change;
        emit IEmailRecovery.RecoveryRemoved(account);
    }

    /// @notice Where it has its storage, so that the other half can see that both have the same.
    /// @return The slot.
    function storageSlot() external pure returns (uint256) {
        return _storageSlot();
    }

    function _apply(
        address account,
        Account storage state,
        IEmailRecovery.RecoveryConfig memory config,
        bytes memory settings,
        bool insecure
    ) private {
        _closeRound(state);
        delete state.changeFrom;
        delete state.change;
        _store(state, config, insecure);
        state.settings = settings;
        state.setupNonce = _drawNonce(account, state);
        state.configuredAt = SafeCast.toUint40(block.timestamp);
        emit IEmailRecovery.RecoveryConfigured(account, state.setupNonce, config, settings);
    }

    function _store(
        Account storage state,
        IEmailRecovery.RecoveryConfig memory config,
        bool insecure
    ) private {
        state.insecureSetup = insecure;
        state.verifier = config.verifier;
        state.threshold = config.threshold;
        state.delay = config.delay;
        state.expiry = config.expiry;
        state.registry = config.registry;
        state.maxMailAge = config.maxMailAge;
        state.undatedMail = config.undatedMail;
        state.subjectForms = config.subjectForms;
        state.votingPeriod = config.votingPeriod;
        state.pinnedRoot = config.pinnedRoot;
        state.rootDelay = config.rootDelay;
        state.cancelThreshold = config.cancelThreshold;
        _setGuardians(state, config.guardians);
    }

    /// @dev Replaces the list. Who stays keeps its acceptance, who leaves loses it.
    function _setGuardians(Account storage state, IEmailRecovery.GuardianWeight[] memory guardians)
        private
    {
        GuardianId[] memory previous = state.guardianIds;
        for (uint256 i = 0; i < previous.length; ++i) {
            state.guardians[previous[i]].weight = 0;
        }
        delete state.guardianIds;
        for (uint256 i = 0; i < guardians.length; ++i) {
            state.guardians[guardians[i].guardian].weight = guardians[i].weight;
            state.guardianIds.push(guardians[i].guardian);
        }
        for (uint256 i = 0; i < previous.length; ++i) {
            if (state.guardians[previous[i]].weight == 0) delete state.guardians[previous[i]];
        }
    }

    /// @dev True where the change begins to wait; false where it has waited. What has lapsed begins anew.
    function _mustWait(Account storage state, bytes32 change) private returns (bool) {
        uint256 from = state.changeFrom;
        if (from != 0 && state.change == change && block.timestamp < from + CHANGE_PERIOD) {
            _requireDue(state);
            return false;
        }
        state.change = change;
        state.changeFrom = SafeCast.toUint40(block.timestamp + state.delay);
        return true;
    }

    function _requireDue(Account storage state) private view {
        uint256 from = state.changeFrom;
        if (block.timestamp < from) revert IEmailRecovery.ChangeNotDue(block.timestamp, from);
        uint256 lapsesAt = from + CHANGE_PERIOD;
        if (block.timestamp >= lapsesAt) {
            revert IEmailRecovery.ChangeLapsed(block.timestamp, lapsesAt);
        }
    }

    function _requireValid(
        address account,
        Account storage state,
        IEmailRecovery.RecoveryConfig memory config,
        bytes memory settings
    ) private view returns (bool insecure) {
        _requireNonePending(account, state);
        insecure = RecoveryConfigs.requireValid(config);
        IRecoverySettings(address(this)).requireSettings(account, settings);
    }

    function _requireNonePending(address account, Account storage state) private view {
        if (_isPending(state)) revert IEmailRecovery.RecoveryPending(account, state.roundNonce);
    }

    /// @dev Nothing can get weaker where nobody could recover the account.
    function _weakens(
        address account,
        Account storage state,
        IEmailRecovery.RecoveryConfig memory config,
        bytes memory settings
    ) private view returns (bool) {
        if (!_isArmed(state)) return false;
        if (keccak256(settings) != keccak256(state.settings)) return true;
        uint256 length = state.guardianIds.length;
        bool[] memory accepted = new bool[](length);
        for (uint256 i = 0; i < length; ++i) {
            accepted[i] = state.guardians[state.guardianIds[i]].accepted;
        }
        // A registry that is left is not asked, so that a broken one holds nobody.
        bool pins = config.registry == state.registry && state.pinnedRoot == NO_ROOT
            && config.pinnedRoot != NO_ROOT;
        bool pinCounts = pins && _isRootAccepted(state, config.pinnedRoot);
        return RecoveryWeakening.weakens(_config(account), accepted, config, pinCounts);
    }

    /// @dev Whether the guardians who have accepted reach the threshold. Not where there is no configuration.
    function _isArmed(Account storage state) private view returns (bool) {
        uint256 weight;
        uint256 length = state.guardianIds.length;
        for (uint256 i = 0; i < length; ++i) {
            Guardian storage guardian = state.guardians[state.guardianIds[i]];
            if (guardian.accepted) weight += guardian.weight;
        }
        return length != 0 && weight >= state.threshold;
    }

    function _changeId(IEmailRecovery.RecoveryConfig memory config, bytes memory settings)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(config, settings));
    }
}
