// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";
import {EmailRecoveryState} from "./EmailRecoveryState.sol";
import {RecoveryConfigs} from "./RecoveryConfigs.sol";
import {RecoverySubject} from "./RecoverySubject.sol";
import {IEmailRecovery} from "./interfaces/IEmailRecovery.sol";
import {IRecoveryProofVerifier} from "./interfaces/IRecoveryProofVerifier.sol";
import {
    EmailCommitment,
    RecoveryPublicInputs,
    RegistryRoot,
    SUBJECT_WORDS,
    SubjectWord
} from "./interfaces/PublicInputs.sol";

/// @title Core of recovery by mail
/// @notice The rules; see `IEmailRecovery`. An integration adds how an account's key is replaced.
/// @dev Calls before the last state change go to view functions, by STATICCALL; the one call that
/// can do something, `_replaceKey`, comes after all of them, but for `discard`, which undoes what
/// it has tried. Cancelling and removing call nobody.
abstract contract EmailRecovery is EmailRecoveryState {
    using TransientSlot for *;

    /// @notice How far a provider's clock and the chain's may be apart.
    uint256 public constant CLOCK_TOLERANCE = 15 minutes;
    /// @notice How long after it is due a recovery that the account refuses can be discarded: until
    /// then whoever is to blame has time to put it right.
    uint256 public constant REFUSAL_GRACE = 1 days;
    /// @notice Gas with which an account has to take its new key before its refusal counts. The
    /// accounts of this project need less than a tenth.
    uint256 public constant EXECUTION_GAS = 2_000_000;

    /// @dev What is left for the rest of `discard`.
    uint256 private constant DISCARD_GAS = 100_000;

    /// @inheritdoc IEmailRecovery
    function configure(RecoveryConfig calldata config) public virtual {
        _configure(msg.sender, config);
    }

    /// @inheritdoc IEmailRecovery
    function cancelAndConfigure(RecoveryConfig calldata config) external {
        cancel();
        configure(config);
    }

    /// @inheritdoc IEmailRecovery
    function remove() public virtual {
        _remove(msg.sender);
    }

    /// @inheritdoc IEmailRecovery
    function cancel() public {
        Account storage state = _configured(msg.sender);
        emit RecoveryCancelled(msg.sender, _closeRound(state));
    }

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
        Guardian storage guardian = state.guardians[inputs.emailCommitment];
        if (guardian.weight == 0) revert NotGuardian(account, inputs.emailCommitment);
        if (guardian.accepted) revert AlreadyAccepted(account, inputs.emailCommitment);

        SubjectWord[SUBJECT_WORDS] memory wanted = inputs.isSealed()
            ? RecoverySubject.packSealed(acceptanceCommand(account))
            : RecoverySubject.pack(acceptanceSubject(account));
        _takeMail(account, state, wanted, state.configuredAt, inputs, proof);
        guardian.accepted = true;
        emit GuardianAccepted(account, inputs.emailCommitment);
    }

    /// @inheritdoc IEmailRecovery
    function vote(
        address account,
        address newKey,
        RecoveryPublicInputs calldata inputs,
        bytes calldata proof
    ) external {
        Account storage state = _configured(account);
        uint64 nonce = state.roundNonce;
        if (state.pending.newKey != address(0)) revert RecoveryPending(account, nonce);
        SubjectWord[SUBJECT_WORDS] memory wanted = inputs.isSealed()
            ? RecoverySubject.packSealed(recoveryCommand(account, newKey))
            : RecoverySubject.pack(recoverySubject(account, newKey));
        if (!_isValidNewKey(account, newKey)) revert InvalidNewKey(account, newKey);
        EmailCommitment commitment = inputs.emailCommitment;
        Guardian storage guardian = _acceptedGuardian(account, state, commitment);
        if (guardian.round == state.round) _requireNewer(inputs.notBefore, guardian.mailNotBefore);

        _takeMail(account, state, wanted, state.openedAt, inputs, proof);
        guardian.round = state.round;
        guardian.mailNotBefore = SafeCast.toUint40(inputs.notBefore);
        guardian.votedKey = newKey;
        guardian.votedRoot = inputs.registryRoot;
        emit Voted(account, nonce, commitment, newKey, inputs.registryRoot);

        if (_weight(state, newKey) >= state.threshold) {
            PendingRecovery memory pending = PendingRecovery({
                newKey: newKey,
                executableFrom: SafeCast.toUint40(block.timestamp + state.delay),
                expiresAt: SafeCast.toUint40(block.timestamp + state.expiry)
            });
            state.pending = pending;
            emit RecoveryStarted(account, nonce, newKey, pending.executableFrom, pending.expiresAt);
        }
    }

    /// @inheritdoc IEmailRecovery
    function voteBatch(
        address account,
        address newKey,
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
            if (state.pending.newKey == newKey) return;
            if (state.nullifiers[inputs[i].nullifier]) continue;
            // solhint-disable-next-line no-empty-blocks
            try this.vote(account, newKey, inputs[i], proofs[i]) {}
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
        uint64 nonce = state.roundNonce;
        EmailCommitment commitment = inputs.emailCommitment;
        Guardian storage guardian = _acceptedGuardian(account, state, commitment);

        SubjectWord[SUBJECT_WORDS] memory wanted = inputs.isSealed()
            ? RecoverySubject.packSealed(cancellationCommand(account))
            : RecoverySubject.pack(cancellationSubject(account));
        _takeMail(account, state, wanted, state.openedAt, inputs, proof);
        guardian.cancelRound = state.round;
        guardian.cancelRoot = inputs.registryRoot;
        emit VotedToCancel(account, nonce, commitment, inputs.registryRoot);

        if (_cancelWeight(state) >= state.cancelThreshold) {
            _closeRound(state);
            emit RecoveryCancelledByGuardians(account, nonce);
        }
    }

    /// @inheritdoc IEmailRecovery
    function execute(address account) public {
        address newKey = _complete(account);
        if (account.code.length == 0) revert NoCode(account);
        _replaceKey(account, newKey);
    }

    /// @inheritdoc IEmailRecovery
    function discard(address account) external {
        Account storage state = _configured(account);
        PendingRecovery memory pending = _pending(account, state);
        uint64 nonce = state.roundNonce;
        // An expired recovery can be discarded whatever the registry answers.
        if (
            block.timestamp < pending.expiresAt && _weight(state, pending.newKey) >= state.threshold
                && !_isRefused(account, pending)
        ) revert RecoveryStillLive(account, nonce);
        _closeRound(state);
        emit RecoveryDiscarded(account, nonce);
    }

    /// @notice Replaces the account's key, or reverts.
    /// @dev To return without having done so would lose the recovery. Called last, when the
    /// recovery is over in storage already, so the account may call back.
    /// @param account The account, which has code.
    /// @param newKey The key, which `_isValidNewKey` accepted when the votes came.
    function _replaceKey(address account, address newKey) internal virtual;

    /// @dev Whether the account could be given this key. Asked at every vote, so that guardians do
    /// not wait for a recovery that must fail. An integration refuses what it knows to be useless,
    /// such as the present key, and keeps these checks.
    function _isValidNewKey(address account, address newKey) internal view virtual returns (bool) {
        return newKey != address(0) && newKey != account;
    }

    /// @dev Whether a failure of `execute` shows that the account does not take the key. Not where an
    /// integration has another way to complete a recovery.
    function _executeDecides(address) internal view virtual returns (bool) {
        return true;
    }

    /// @notice Ends a recovery that is due, for an integration whose account sets the key by itself.
    /// @param account The account.
    /// @return newKey The key that the account must have after this.
    function _complete(address account) internal returns (address newKey) {
        Account storage state = _configured(account);
        PendingRecovery memory pending = _pending(account, state);
        if (block.timestamp < pending.executableFrom) {
            revert DelayNotPassed(block.timestamp, pending.executableFrom);
        }
        if (block.timestamp >= pending.expiresAt) {
            revert RecoveryExpired(block.timestamp, pending.expiresAt);
        }
        uint256 weight = _weight(state, pending.newKey);
        if (weight < state.threshold) revert NotEnoughWeight(weight, state.threshold);
        emit RecoveryExecuted(account, _closeRound(state), pending.newKey);
        return pending.newKey;
    }

    /// @dev `configure` for an account that speaks through something else, such as a module's
    /// installation.
    function _configure(address account, RecoveryConfig memory config) internal {
        Account storage state = _accounts[account];
        if (state.pending.newKey != address(0)) revert RecoveryPending(account, state.roundNonce);
        state.insecureSetup = RecoveryConfigs.requireValid(config);
        _closeRound(state);

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
        state.setupNonce = _drawNonce(account, state);
        state.configuredAt = SafeCast.toUint40(block.timestamp);
        _setGuardians(state, config.guardians);
        emit RecoveryConfigured(account, state.setupNonce, config);
    }

    /// @dev `remove` for an account that speaks through something else.
    function _remove(address account) internal {
        Account storage state = _configured(account);
        _closeRound(state);
        _setGuardians(state, new GuardianWeight[](0));
        delete state.verifier;
        delete state.threshold;
        delete state.delay;
        delete state.expiry;
        delete state.registry;
        delete state.maxMailAge;
        delete state.undatedMail;
        delete state.subjectForms;
        delete state.insecureSetup;
        delete state.votingPeriod;
        delete state.rootDelay;
        delete state.cancelThreshold;
        delete state.setupNonce;
        delete state.configuredAt;
        state.pinnedRoot = NOT_PINNED;
        emit RecoveryRemoved(account);
    }

    /// @dev Replaces the list. Who stays keeps its acceptance, who leaves loses it.
    function _setGuardians(Account storage state, GuardianWeight[] memory guardians) private {
        EmailCommitment[] memory previous = state.commitments;
        for (uint256 i = 0; i < previous.length; ++i) {
            state.guardians[previous[i]].weight = 0;
        }
        delete state.commitments;
        for (uint256 i = 0; i < guardians.length; ++i) {
            EmailCommitment commitment = guardians[i].commitment;
            Guardian storage guardian = state.guardians[commitment];
            if (guardian.weight != 0) revert DuplicateGuardian(commitment);
            guardian.weight = guardians[i].weight;
            state.commitments.push(commitment);
        }
        for (uint256 i = 0; i < previous.length; ++i) {
            if (state.guardians[previous[i]].weight == 0) delete state.guardians[previous[i]];
        }
    }

    /// @dev Ends the round, if there is one, with its votes and the pending recovery. Returns its
    /// nonce, which is never drawn again but by chance.
    function _closeRound(Account storage state) private returns (uint64 nonce) {
        nonce = state.roundNonce;
        delete state.pending;
        delete state.roundNonce;
        delete state.openedAt;
    }

    /// @dev A number that nobody knew before this block, so that no mail that names it was written
    /// before. It depends on nothing that the sender chooses: there is one draw to a block. Kept,
    /// not looked up again, so that it does not matter how long a chain remembers its blocks; and
    /// where `prevrandao` is a constant, the hash of the block before is none.
    function _drawNonce(address account, Account storage state) private returns (uint64) {
        uint256 drawn = uint256(
            keccak256(
                abi.encode(
                    block.chainid,
                    address(this),
                    account,
                    ++state.round,
                    block.prevrandao,
                    blockhash(block.number - 1)
                )
            )
        );
        // 64 bits of a hash are as good as any others.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint64(drawn);
    }

    /// @dev Everything that makes a mail count, but who sent it; marks it as used. `since` is when
    /// the nonce in the Subject was drawn: an older mail could not have known it.
    function _takeMail(
        address account,
        Account storage state,
        SubjectWord[SUBJECT_WORDS] memory wanted,
        uint256 since,
        RecoveryPublicInputs calldata inputs,
        bytes calldata proof
    ) private {
        _requireForm(state.subjectForms, inputs.isSealed());
        _requireSubject(wanted, inputs.subject);
        if (!_isRootAccepted(state, inputs.registryRoot)) {
            revert RootNotAccepted(inputs.registryRoot);
        }
        _requireRecent(state, inputs.notBefore, since);
        if (state.nullifiers[inputs.nullifier]) {
            revert MailAlreadyUsed(account, inputs.nullifier);
        }
        state.nullifiers[inputs.nullifier] = true;
        if (!_isProved(state.verifier, inputs) && !state.verifier.verify(inputs, proof)) {
            revert InvalidProof();
        }
    }

    /// @dev Verifies the proofs of a batch with one pairing and remembers, until the transaction ends,
    /// what is true of them: that this verifier accepts a proof for these public inputs. Where it does
    /// not accept them all, nothing is remembered, and each vote is verified by itself, so that the
    /// first that is wrong is named.
    function _proveTogether(
        IRecoveryProofVerifier verifier,
        RecoveryPublicInputs[] calldata inputs,
        bytes[] calldata proofs
    ) private {
        if (inputs.length < 2) return;
        try verifier.verifyBatch(inputs, proofs) returns (bool valid) {
            if (!valid) return;
        } catch {
            return;
        }
        for (uint256 i = 0; i < inputs.length; ++i) {
            _statement(verifier, inputs[i]).asBoolean().tstore(true);
        }
    }

    function _isProved(IRecoveryProofVerifier verifier, RecoveryPublicInputs calldata inputs)
        private
        view
        returns (bool)
    {
        return _statement(verifier, inputs).asBoolean().tload();
    }

    /// @dev Where in transient storage the truth about public inputs under a verifier stands.
    function _statement(IRecoveryProofVerifier verifier, RecoveryPublicInputs calldata inputs)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(verifier, inputs));
    }

    /// @dev Tries what `execute` does, and undoes it. Whoever calls can't make the account refuse for
    /// want of gas.
    function _isRefused(address account, PendingRecovery memory pending) private returns (bool) {
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

    function _acceptedGuardian(address account, Account storage state, EmailCommitment commitment)
        private
        view
        returns (Guardian storage guardian)
    {
        guardian = state.guardians[commitment];
        if (guardian.weight == 0) revert NotGuardian(account, commitment);
        if (!guardian.accepted) revert NotAccepted(account, commitment);
    }

    /// @dev The pinned root counts at once, the registry's after the account's own delay; a revoked
    /// one never.
    function _isRootAccepted(Account storage state, RegistryRoot root) private view returns (bool) {
        if (root == state.pinnedRoot && root != NOT_PINNED) return !state.registry.isRevoked(root);
        return state.registry.isAcceptedAfter(root, state.rootDelay);
    }

    function _requireRecent(Account storage state, uint256 notBefore, uint256 since) private view {
        if (notBefore == 0) {
            if (state.undatedMail == UndatedMail.Refuse) revert UndatedMailRefused();
            return;
        }
        uint256 latest = block.timestamp + CLOCK_TOLERANCE;
        if (notBefore > latest) revert MailFromTheFuture(notBefore, latest);
        uint256 oldest = Math.max(
            Math.saturatingSub(since, CLOCK_TOLERANCE),
            Math.saturatingSub(block.timestamp, state.maxMailAge)
        );
        if (notBefore < oldest) revert MailTooOld(notBefore, oldest);
    }

    /// @dev A vote is replaced by a mail that is shown to be later, in whatever order proofs arrive, so
    /// that nobody undoes a vote with one that was held back. Mails without a time have no order but
    /// that of their proofs.
    function _requireNewer(uint256 notBefore, uint256 previous) private pure {
        if (previous != 0 && notBefore <= previous) revert MailNotNewer(notBefore, previous);
    }

    function _requireForm(SubjectForms accepted, bool isSealed) private pure {
        SubjectForms form = isSealed ? SubjectForms.Sealed : SubjectForms.Clear;
        if (accepted != SubjectForms.Either && accepted != form) {
            revert SubjectFormRefused(accepted);
        }
    }

    function _requireSubject(
        SubjectWord[SUBJECT_WORDS] memory expected,
        SubjectWord[SUBJECT_WORDS] calldata got
    ) private pure {
        for (uint256 i = 0; i < expected.length; ++i) {
            if (got[i] != expected[i]) revert SubjectMismatch(expected, got);
        }
    }
}
