// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EmailRecoveryStorage} from "./EmailRecoveryStorage.sol";
import {RecoveryMessages} from "./RecoveryMessages.sol";
import {RecoverySubject} from "./RecoverySubject.sol";
import {GuardianId} from "./interfaces/GuardianId.sol";
import {IEmailRecovery} from "./interfaces/IEmailRecovery.sol";
import {Nullifier} from "./interfaces/PublicInputs.sol";

/// @title How what recovery keeps is read
/// @notice The views of `IEmailRecovery`.
abstract contract EmailRecoveryState is EmailRecoveryStorage, IEmailRecovery {
    /// @inheritdoc IEmailRecovery
    function roundOf(address account)
        external
        view
        returns (uint64 nonce, uint256 openedAt, uint256 closesAt)
    {
        Account storage state = _accounts[account];
        if (!_isRoundOpen(state)) return (0, 0, 0);
        nonce = state.roundNonce;
        openedAt = state.openedAt;
        closesAt = _closesAt(state);
    }

    /// @inheritdoc IEmailRecovery
    function setupOf(address account) external view returns (uint64 nonce, uint256 configuredAt) {
        Account storage state = _configured(account);
        nonce = state.setupNonce;
        configuredAt = state.configuredAt;
    }

    /// @inheritdoc IEmailRecovery
    function acceptanceSubject(address account) public view returns (string memory) {
        return RecoverySubject.acceptance(account, _chainId(), _setupNonce(account));
    }

    /// @inheritdoc IEmailRecovery
    function recoverySubject(address account, bytes memory newOwner)
        public
        view
        returns (string memory)
    {
        return RecoverySubject.recovery(account, _chainId(), _openNonce(account), newOwner);
    }

    /// @inheritdoc IEmailRecovery
    function cancellationSubject(address account) public view returns (string memory) {
        return RecoverySubject.cancellation(account, _chainId(), _openNonce(account));
    }

    /// @inheritdoc IEmailRecovery
    function acceptanceCommand(address account) public view returns (uint256) {
        return _command(account, RecoverySubject.Action.Guard, _setupNonce(account), "");
    }

    /// @inheritdoc IEmailRecovery
    function recoveryCommand(address account, bytes memory newOwner) public view returns (uint256) {
        return _command(account, RecoverySubject.Action.Recover, _openNonce(account), newOwner);
    }

    /// @inheritdoc IEmailRecovery
    function cancellationCommand(address account) public view returns (uint256) {
        return _command(account, RecoverySubject.Action.Cancel, _openNonce(account), "");
    }

    /// @inheritdoc IEmailRecovery
    function acceptanceHash(address account, uint40 signedAt) public view returns (bytes32) {
        uint64 nonce = _setupNonce(account);
        return RecoveryMessages.hash(account, RecoverySubject.Action.Guard, nonce, "", signedAt);
    }

    /// @inheritdoc IEmailRecovery
    function recoveryHash(address account, bytes memory newOwner, uint40 signedAt)
        public
        view
        returns (bytes32)
    {
        uint64 nonce = _openNonce(account);
        return
            RecoveryMessages.hash(
                account, RecoverySubject.Action.Recover, nonce, newOwner, signedAt
            );
    }

    /// @inheritdoc IEmailRecovery
    function cancellationHash(address account, uint40 signedAt) public view returns (bytes32) {
        uint64 nonce = _openNonce(account);
        return RecoveryMessages.hash(account, RecoverySubject.Action.Cancel, nonce, "", signedAt);
    }

    /// @inheritdoc IEmailRecovery
    function configOf(address account) external view returns (RecoveryConfig memory) {
        return _config(account);
    }

    /// @inheritdoc IEmailRecovery
    function settingsOf(address account) public view returns (bytes memory) {
        return _accounts[account].settings;
    }

    /// @inheritdoc IEmailRecovery
    function scheduledChangeOf(address account)
        external
        view
        returns (ScheduledChange memory waits)
    {
        Account storage state = _accounts[account];
        uint256 from = state.changeFrom;
        if (from == 0 || block.timestamp >= from + CHANGE_PERIOD) return waits;
        return ScheduledChange(state.change, from, from + CHANGE_PERIOD);
    }

    /// @inheritdoc IEmailRecovery
    function guardianOf(address account, GuardianId id)
        external
        view
        returns (GuardianStatus memory status)
    {
        Account storage state = _accounts[account];
        Guardian storage guardian = state.guardians[id];
        status.weight = guardian.weight;
        status.accepted = guardian.accepted;
        if (!_isRoundOpen(state)) return status;
        if (guardian.round == state.round) {
            status.votedAt = guardian.votedAt;
            address key = guardian.votedKey;
            status.votedOwner =
                key == address(0) ? guardian.votedOwner : keccak256(abi.encodePacked(key));
            status.votedRoot = guardian.votedRoot;
        }
        status.votedToCancel = guardian.cancelRound == state.round;
    }

    /// @inheritdoc IEmailRecovery
    function pendingRecoveryOf(address account)
        external
        view
        returns (PendingRecovery memory recovery)
    {
        Account storage state = _accounts[account];
        Pending memory pending = state.pending;
        if (pending.executableFrom == 0) return recovery;
        return PendingRecovery({
            newOwner: _pendingOwner(state, pending),
            executableFrom: pending.executableFrom,
            expiresAt: pending.expiresAt
        });
    }

    /// @inheritdoc IEmailRecovery
    function weightOf(address account, bytes calldata newOwner)
        external
        view
        returns (uint256 weight, uint256 threshold)
    {
        Account storage state = _configured(account);
        if (_isRoundOpen(state)) weight = _weight(state, _tag(newOwner));
        threshold = state.threshold;
    }

    /// @inheritdoc IEmailRecovery
    function cancelWeightOf(address account)
        external
        view
        returns (uint256 weight, uint256 threshold)
    {
        Account storage state = _configured(account);
        if (_isRoundOpen(state)) weight = _cancelWeight(state);
        threshold = state.cancelThreshold;
    }

    /// @inheritdoc IEmailRecovery
    function isNullifierUsed(address account, Nullifier nullifier) external view returns (bool) {
        return _accounts[account].nullifiers[nullifier];
    }

    /// @dev Read at each use: after a fork of the chain, mail for one side is none for the other.
    function _chainId() internal view returns (uint128) {
        return SafeCast.toUint128(block.chainid);
    }

    function _command(
        address account,
        RecoverySubject.Action action,
        uint64 nonce,
        bytes memory newOwner
    ) private view returns (uint256) {
        return RecoverySubject.command(address(this), account, _chainId(), action, nonce, newOwner);
    }

    function _setupNonce(address account) private view returns (uint64) {
        return _configured(account).setupNonce;
    }

    function _openNonce(address account) internal view returns (uint64) {
        Account storage state = _configured(account);
        if (!_isRoundOpen(state)) revert RoundNotOpen(account);
        return state.roundNonce;
    }
}
