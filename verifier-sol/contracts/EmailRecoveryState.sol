// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {RecoveryConfigs} from "./RecoveryConfigs.sol";
import {RecoverySubject} from "./RecoverySubject.sol";
import {IEmailRecovery} from "./interfaces/IEmailRecovery.sol";
import {IKeyRegistryRoots} from "./interfaces/IKeyRegistryRoots.sol";
import {IRecoveryProofVerifier} from "./interfaces/IRecoveryProofVerifier.sol";
import {EmailCommitment, Nullifier, RegistryRoot} from "./interfaces/PublicInputs.sol";

/// @title What recovery by mail keeps, and how it is read
/// @notice Configurations, rounds, votes and used mails of all accounts.
abstract contract EmailRecoveryState is IEmailRecovery {
    /// @dev What `pinnedRoot` is where no root is pinned.
    RegistryRoot internal constant NOT_PINNED = RegistryRoot.wrap(0);

    /// @dev A vote belongs to the round in `round`, one to cancel to that in `cancelRound`; in any
    /// other they are nothing.
    struct Guardian {
        uint16 weight;
        bool accepted;
        uint32 round;
        uint40 mailNotBefore;
        address votedKey;
        RegistryRoot votedRoot;
        RegistryRoot cancelRoot;
        uint32 cancelRound;
    }

    /// @dev `round` counts the draws of nonces and is all that survives removal, with the
    /// nullifiers. `commitments` is empty exactly where there is no configuration, `openedAt` is 0
    /// exactly where no round was opened since the last one ended.
    struct Account {
        IRecoveryProofVerifier verifier;
        uint32 threshold;
        uint32 delay;
        uint32 expiry;
        IKeyRegistryRoots registry;
        uint32 maxMailAge;
        UndatedMail undatedMail;
        bool insecureSetup;
        SubjectForms subjectForms;
        uint32 votingPeriod;
        RegistryRoot pinnedRoot;
        uint64 roundNonce;
        uint40 openedAt;
        uint32 round;
        uint32 rootDelay;
        uint32 cancelThreshold;
        uint64 setupNonce;
        uint40 configuredAt;
        PendingRecovery pending;
        EmailCommitment[] commitments;
        mapping(EmailCommitment commitment => Guardian) guardians;
        mapping(Nullifier nullifier => bool) nullifiers;
    }

    mapping(address account => Account) internal _accounts;

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
        uint64 nonce = _configured(account).setupNonce;
        return RecoverySubject.acceptance(account, _chainId(), nonce);
    }

    /// @inheritdoc IEmailRecovery
    function recoverySubject(address account, address newKey) public view returns (string memory) {
        return RecoverySubject.recovery(account, _chainId(), _openNonce(account), newKey);
    }

    /// @inheritdoc IEmailRecovery
    function cancellationSubject(address account) public view returns (string memory) {
        return RecoverySubject.cancellation(account, _chainId(), _openNonce(account));
    }

    /// @inheritdoc IEmailRecovery
    function acceptanceCommand(address account) public view returns (uint256) {
        uint64 nonce = _configured(account).setupNonce;
        return _command(account, RecoverySubject.Action.Guard, nonce, "");
    }

    /// @inheritdoc IEmailRecovery
    function recoveryCommand(address account, address newKey) public view returns (uint256) {
        bytes memory owner = abi.encodePacked(newKey);
        return _command(account, RecoverySubject.Action.Recover, _openNonce(account), owner);
    }

    /// @inheritdoc IEmailRecovery
    function cancellationCommand(address account) public view returns (uint256) {
        return _command(account, RecoverySubject.Action.Cancel, _openNonce(account), "");
    }

    /// @inheritdoc IEmailRecovery
    function configOf(address account) public view returns (RecoveryConfig memory config) {
        Account storage state = _configured(account);
        config.verifier = state.verifier;
        if (state.insecureSetup) {
            config.setupAcknowledgement = RecoveryConfigs.INSECURE_SETUP_ACKNOWLEDGEMENT;
        }
        config.registry = state.registry;
        config.pinnedRoot = state.pinnedRoot;
        config.rootDelay = state.rootDelay;
        config.threshold = state.threshold;
        config.cancelThreshold = state.cancelThreshold;
        config.votingPeriod = state.votingPeriod;
        config.delay = state.delay;
        config.expiry = state.expiry;
        config.maxMailAge = state.maxMailAge;
        config.undatedMail = state.undatedMail;
        config.subjectForms = state.subjectForms;
        EmailCommitment[] memory commitments = state.commitments;
        config.guardians = new GuardianWeight[](commitments.length);
        for (uint256 i = 0; i < commitments.length; ++i) {
            EmailCommitment commitment = commitments[i];
            config.guardians[i] = GuardianWeight(commitment, state.guardians[commitment].weight);
        }
    }

    /// @inheritdoc IEmailRecovery
    function guardianOf(address account, EmailCommitment commitment)
        external
        view
        returns (GuardianStatus memory status)
    {
        Account storage state = _accounts[account];
        Guardian storage guardian = state.guardians[commitment];
        status.weight = guardian.weight;
        status.accepted = guardian.accepted;
        if (!_isRoundOpen(state)) return status;
        if (guardian.round == state.round) {
            status.mailNotBefore = guardian.mailNotBefore;
            status.votedKey = guardian.votedKey;
            status.votedRoot = guardian.votedRoot;
        }
        status.votedToCancel = guardian.cancelRound == state.round;
    }

    /// @inheritdoc IEmailRecovery
    function pendingRecoveryOf(address account) external view returns (PendingRecovery memory) {
        return _accounts[account].pending;
    }

    /// @inheritdoc IEmailRecovery
    function weightOf(address account, address newKey)
        external
        view
        returns (uint256 weight, uint256 threshold)
    {
        Account storage state = _configured(account);
        if (_isRoundOpen(state)) weight = _weight(state, newKey);
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

    function _isConfigured(address account) internal view returns (bool) {
        return _accounts[account].commitments.length != 0;
    }

    function _configured(address account) internal view returns (Account storage state) {
        if (!_isConfigured(account)) revert NotConfigured(account);
        return _accounts[account];
    }

    function _pending(address account, Account storage state)
        internal
        view
        returns (PendingRecovery memory pending)
    {
        pending = state.pending;
        if (pending.newKey == address(0)) revert NoRecoveryPending(account);
    }

    /// @dev A round stays open while a recovery of it is pending, so that its votes count to the end.
    function _isRoundOpen(Account storage state) internal view returns (bool) {
        uint256 openedAt = state.openedAt;
        return
            openedAt != 0
                && (state.pending.newKey != address(0) || block.timestamp < _closesAt(state));
    }

    function _closesAt(Account storage state) internal view returns (uint256) {
        return uint256(state.openedAt) + state.votingPeriod;
    }

    /// @dev Weight of the votes for a key in this round. Bounded by 16 times 65,535.
    function _weight(Account storage state, address newKey) internal view returns (uint256 weight) {
        uint256 length = state.commitments.length;
        for (uint256 i = 0; i < length; ++i) {
            Guardian storage guardian = state.guardians[state.commitments[i]];
            if (
                guardian.round == state.round && guardian.votedKey == newKey
                    && !state.registry.isRevoked(guardian.votedRoot)
            ) weight += guardian.weight;
        }
    }

    /// @dev Weight of the votes to cancel in this round.
    function _cancelWeight(Account storage state) internal view returns (uint256 weight) {
        uint256 length = state.commitments.length;
        for (uint256 i = 0; i < length; ++i) {
            Guardian storage guardian = state.guardians[state.commitments[i]];
            if (
                guardian.cancelRound == state.round
                    && !state.registry.isRevoked(guardian.cancelRoot)
            ) weight += guardian.weight;
        }
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

    function _openNonce(address account) private view returns (uint64) {
        Account storage state = _configured(account);
        if (!_isRoundOpen(state)) revert RoundNotOpen(account);
        return state.roundNonce;
    }
}
