// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EmailRecoveryEvidence} from "./EmailRecoveryEvidence.sol";
import {OwnerBytes} from "./OwnerBytes.sol";
import {RecoverySubject} from "./RecoverySubject.sol";
import {GuardianId, mailboxId, signerId} from "./interfaces/GuardianId.sol";
import {IEmailRecovery} from "./interfaces/IEmailRecovery.sol";
import {
    RecoveryPublicInputs,
    RegistryRoot,
    SUBJECT_WORDS,
    SubjectWord
} from "./interfaces/PublicInputs.sol";

/// @title Core of recovery by mail
/// @notice The rules; see `IEmailRecovery`. An integration adds how an account's owner is replaced.
/// @dev Calls before the last state change go to view functions, by STATICCALL; the one call that
/// can do something, `_replaceOwner`, comes after all of them, but for `discard`, which undoes what
/// it has tried. Cancelling and removing call nobody.
abstract contract EmailRecovery is EmailRecoveryEvidence {
    /// @notice How long after it is due a recovery that the account refuses can be discarded: until
    /// then whoever is to blame has time to put it right.
    uint256 public constant REFUSAL_GRACE = 1 days;
    /// @notice Gas with which an account has to take its new owner before its refusal counts. The
    /// accounts of this project need less than a tenth.
    uint256 public constant EXECUTION_GAS = 2_000_000;

    /// @dev What is left for the rest of `discard`.
    uint256 private constant DISCARD_GAS = 100_000;

    /// @inheritdoc IEmailRecovery
    function publishEscrow(bytes calldata escrow) external {
        emit SaltsEscrowed(msg.sender, escrow);
    }

    /// @inheritdoc IEmailRecovery
    function openRound(address account) external {
        Account storage state = _configured(account);
        if (_isRoundOpen(state)) revert RoundOpen(account, state.roundNonce, _closesAt(state));
        state.roundNonce = _drawNonce(account, state);
        state.openedAt = SafeCast.toUint40(block.timestamp);
        emit RoundOpened(account, state.roundNonce, _closesAt(state));
    }

    /// @inheritdoc IEmailRecovery
    function acceptGuardian(
        address account,
        RecoveryPublicInputs calldata inputs,
        bytes calldata proof
    ) external {
        Account storage state = _configured(account);
        GuardianId id = mailboxId(inputs.emailCommitment);
        Guardian storage guardian = _namedGuardian(account, state, id);
        SubjectWord[SUBJECT_WORDS] memory wanted = inputs.isSealed()
            ? RecoverySubject.packSealed(acceptanceCommand(account))
            : RecoverySubject.pack(acceptanceSubject(account));
        _takeMail(account, state, wanted, state.configuredAt, inputs, proof);
        guardian.accepted = true;
        emit GuardianAccepted(account, id);
    }

    /// @inheritdoc IEmailRecovery
    function acceptBySignature(
        address account,
        bytes calldata signer,
        uint40 signedAt,
        bytes calldata signature
    ) external {
        Account storage state = _configured(account);
        GuardianId id = signerId(signer);
        Guardian storage guardian = _namedGuardian(account, state, id);
        bytes32 hash = acceptanceHash(account, signedAt);
        _takeSignature(state, hash, state.configuredAt, signer, signedAt, signature);
        guardian.accepted = true;
        emit GuardianAccepted(account, id);
    }

    /// @inheritdoc IEmailRecovery
    function vote(
        address account,
        bytes calldata newOwner,
        RecoveryPublicInputs calldata inputs,
        bytes calldata proof
    ) external {
        Account storage state = _configured(account);
        GuardianId id = mailboxId(inputs.emailCommitment);
        _requireVoter(account, state, newOwner, id, inputs.notBefore);
        SubjectWord[SUBJECT_WORDS] memory wanted = inputs.isSealed()
            ? RecoverySubject.packSealed(recoveryCommand(account, newOwner))
            : RecoverySubject.pack(recoverySubject(account, newOwner));
        _takeMail(account, state, wanted, state.openedAt, inputs, proof);
        _countVote(account, newOwner, id, inputs.notBefore, inputs.registryRoot);
    }

    /// @inheritdoc IEmailRecovery
    function voteBySignature(
        address account,
        bytes calldata newOwner,
        bytes calldata signer,
        uint40 signedAt,
        bytes calldata signature
    ) external {
        Account storage state = _configured(account);
        GuardianId id = signerId(signer);
        _requireVoter(account, state, newOwner, id, signedAt);
        bytes32 hash = recoveryHash(account, newOwner, signedAt);
        _takeSignature(state, hash, state.openedAt, signer, signedAt, signature);
        _countVote(account, newOwner, id, signedAt, NO_ROOT);
    }

    /// @inheritdoc IEmailRecovery
    function voteBatch(
        address account,
        bytes calldata newOwner,
        RecoveryPublicInputs[] calldata inputs,
        bytes[] calldata proofs
    ) external {
        if (inputs.length != proofs.length) {
            revert BatchLength(inputs.length, proofs.length);
        }
        Account storage state = _configured(account);
        _proveTogether(state.verifier, inputs, proofs);
        for (uint256 i = 0; i < inputs.length; ++i) {
            // Somebody else may have sent some of them, or enough.
            if (_isPendingFor(state, newOwner)) return;
            if (state.nullifiers[inputs[i].nullifier]) continue;
            // solhint-disable-next-line no-empty-blocks
            try this.vote(account, newOwner, inputs[i], proofs[i]) {}
            catch (bytes memory reason) {
                revert BatchedVoteRefused(i, reason);
            }
        }
    }

    /// @inheritdoc IEmailRecovery
    function voteToCancel(
        address account,
        RecoveryPublicInputs calldata inputs,
        bytes calldata proof
    ) external {
        Account storage state = _configured(account);
        _pending(account, state);
        GuardianId id = mailboxId(inputs.emailCommitment);
        _acceptedGuardian(account, state, id);
        SubjectWord[SUBJECT_WORDS] memory wanted = inputs.isSealed()
            ? RecoverySubject.packSealed(cancellationCommand(account))
            : RecoverySubject.pack(cancellationSubject(account));
        _takeMail(account, state, wanted, state.openedAt, inputs, proof);
        _countVoteToCancel(account, state, id, inputs.registryRoot);
    }

    /// @inheritdoc IEmailRecovery
    function voteToCancelBySignature(
        address account,
        bytes calldata signer,
        uint40 signedAt,
        bytes calldata signature
    ) external {
        Account storage state = _configured(account);
        _pending(account, state);
        GuardianId id = signerId(signer);
        _acceptedGuardian(account, state, id);
        bytes32 hash = cancellationHash(account, signedAt);
        _takeSignature(state, hash, state.openedAt, signer, signedAt, signature);
        _countVoteToCancel(account, state, id, NO_ROOT);
    }

    /// @inheritdoc IEmailRecovery
    function execute(address account) public {
        bytes memory newOwner = _complete(account);
        if (account.code.length == 0) revert NoCode(account);
        _replaceOwner(account, newOwner);
    }

    /// @inheritdoc IEmailRecovery
    function discard(address account) external {
        Account storage state = _configured(account);
        Pending memory pending = _pending(account, state);
        uint64 nonce = state.roundNonce;
        // An expired recovery can be discarded whatever the registry answers.
        if (
            block.timestamp < pending.expiresAt && _pendingWeight(state, pending) >= state.threshold
                && !_isRefused(account, pending)
        ) revert RecoveryStillLive(account, nonce);
        _closeRound(state);
        emit RecoveryDiscarded(account, nonce);
    }

    /// @notice Replaces the account's owner, or reverts.
    /// @dev To return without having done so would lose the recovery. Called last, when the
    /// recovery is over in storage already, so the account may call back.
    /// @param account The account, which has code.
    /// @param newOwner The owner, which `_isValidNewOwner` accepted when the votes came.
    function _replaceOwner(address account, bytes memory newOwner) internal virtual;

    /// @dev Whether the account could be given this owner. Asked at every vote, so that guardians do
    /// not wait for a recovery that must fail. An integration refuses what it knows to be useless, such as
    /// the present owner, or a form that the account does not take, and keeps these checks.
    function _isValidNewOwner(address account, bytes memory newOwner)
        internal
        view
        virtual
        returns (bool)
    {
        return OwnerBytes.isOwner(newOwner) && OwnerBytes.toAddress(newOwner) != account;
    }

    /// @dev Whether a failure of `execute` shows that the account does not take the owner. Not where an
    /// integration has another way to complete a recovery.
    function _executeDecides(address) internal view virtual returns (bool) {
        return true;
    }

    /// @notice Ends a recovery that is due, for an integration whose account sets the owner by itself.
    /// @param account The account.
    /// @return newOwner The owner that the account must have after this.
    function _complete(address account) internal returns (bytes memory newOwner) {
        Account storage state = _configured(account);
        Pending memory pending = _pending(account, state);
        if (block.timestamp < pending.executableFrom) {
            revert DelayNotPassed(block.timestamp, pending.executableFrom);
        }
        if (block.timestamp >= pending.expiresAt) {
            revert RecoveryExpired(block.timestamp, pending.expiresAt);
        }
        uint256 weight = _pendingWeight(state, pending);
        if (weight < state.threshold) revert NotEnoughWeight(weight, state.threshold);
        newOwner = _pendingOwner(state, pending);
        _dropChange(account, state);
        emit RecoveryExecuted(account, _closeRound(state), newOwner);
    }

    function _countVote(
        address account,
        bytes calldata newOwner,
        GuardianId id,
        uint256 time,
        RegistryRoot root
    ) private {
        Account storage state = _accounts[account];
        Guardian storage guardian = state.guardians[id];
        OwnerTag memory tag = _tag(newOwner);
        guardian.round = state.round;
        guardian.votedAt = SafeCast.toUint40(time);
        guardian.votedKey = tag.key;
        guardian.votedRoot = root;
        if (tag.key == address(0)) guardian.votedOwner = tag.hash;
        emit Voted(account, state.roundNonce, id, newOwner, root);
        if (_weight(state, tag) >= state.threshold) _start(account, state, newOwner, tag);
    }

    function _start(
        address account,
        Account storage state,
        bytes calldata newOwner,
        OwnerTag memory tag
    ) private {
        Pending memory pending = Pending({
            key: tag.key,
            executableFrom: SafeCast.toUint40(block.timestamp + state.delay),
            expiresAt: SafeCast.toUint40(block.timestamp + state.expiry)
        });
        state.pending = pending;
        if (tag.key == address(0)) state.pendingOwner = newOwner;
        emit RecoveryStarted(
            account, state.roundNonce, newOwner, pending.executableFrom, pending.expiresAt
        );
    }

    function _countVoteToCancel(
        address account,
        Account storage state,
        GuardianId id,
        RegistryRoot root
    ) private {
        Guardian storage guardian = state.guardians[id];
        guardian.cancelRound = state.round;
        guardian.cancelRoot = root;
        emit VotedToCancel(account, state.roundNonce, id, root);
        if (_cancelWeight(state) >= state.cancelThreshold) {
            emit RecoveryCancelledByGuardians(account, _closeRound(state));
        }
    }

    /// @dev Tries what `execute` does, and undoes it. Whoever calls can't make the account refuse for
    /// want of gas.
    function _isRefused(address account, Pending memory pending) private returns (bool) {
        if (block.timestamp < pending.executableFrom + REFUSAL_GRACE) return false;
        if (!_executeDecides(account)) return false;
        // A call gets at most 63 of 64 parts (EIP-150).
        uint256 needed = EXECUTION_GAS + EXECUTION_GAS / 63 + DISCARD_GAS;
        if (gasleft() < needed) revert NotEnoughGas(gasleft(), needed);
        try this.execute{gas: EXECUTION_GAS}(account) {
            return false;
        } catch {
            return true;
        }
    }

    function _requireVoter(
        address account,
        Account storage state,
        bytes calldata newOwner,
        GuardianId id,
        uint256 time
    ) private view {
        if (_isPending(state)) {
            revert RecoveryPending(account, state.roundNonce);
        }
        _openNonce(account);
        if (!_isValidNewOwner(account, newOwner)) revert InvalidNewOwner(account, newOwner);
        Guardian storage guardian = _acceptedGuardian(account, state, id);
        if (guardian.round == state.round) _requireNewer(time, guardian.votedAt);
    }

    function _namedGuardian(address account, Account storage state, GuardianId id)
        private
        view
        returns (Guardian storage guardian)
    {
        guardian = state.guardians[id];
        if (guardian.weight == 0) revert NotGuardian(account, id);
        if (guardian.accepted) revert AlreadyAccepted(account, id);
    }

    function _acceptedGuardian(address account, Account storage state, GuardianId id)
        private
        view
        returns (Guardian storage guardian)
    {
        guardian = state.guardians[id];
        if (guardian.weight == 0) revert NotGuardian(account, id);
        if (!guardian.accepted) revert NotAccepted(account, id);
    }

    function _isPendingFor(Account storage state, bytes memory newOwner)
        private
        view
        returns (bool)
    {
        if (!_isPending(state)) return false;
        return keccak256(_pendingOwner(state, state.pending)) == keccak256(newOwner);
    }

    function _pendingWeight(Account storage state, Pending memory pending)
        private
        view
        returns (uint256)
    {
        return _weight(state, _tag(_pendingOwner(state, pending)));
    }

    /// @dev A vote is replaced by a mail that is shown to be later, in whatever order proofs arrive, so
    /// that nobody undoes a vote with one that was held back. Mails without a time have no order but
    /// that of their proofs.
    function _requireNewer(uint256 notBefore, uint256 previous) private pure {
        if (previous != 0 && notBefore <= previous) revert MailNotNewer(notBefore, previous);
    }
}
