// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {RecoverySubject} from "./RecoverySubject.sol";
import {IEmailRecovery} from "./interfaces/IEmailRecovery.sol";
import {IKeyRegistryRoots} from "./interfaces/IKeyRegistryRoots.sol";
import {IRecoveryProofVerifier} from "./interfaces/IRecoveryProofVerifier.sol";
import {
    EmailCommitment,
    Nullifier,
    RecoveryPublicInputs,
    RegistryRoot,
    SCALAR_FIELD_ORDER,
    SUBJECT_WORDS,
    SubjectWord
} from "./interfaces/PublicInputs.sol";

/// @title Core of recovery by mail
/// @notice The rules; see `IEmailRecovery`. An integration adds how an account's key is replaced.
/// @dev Calls before the last state change go to view functions, by STATICCALL; the one call that
/// can do something, `_replaceKey`, comes after all of them. Cancelling and removing call nobody.
abstract contract EmailRecovery is IEmailRecovery {
    /// @notice The most guardians that an account can have: every loop here is over them.
    uint256 public constant MAX_GUARDIANS = 16;
    /// @notice The shortest delay.
    uint256 public constant MIN_DELAY = 1 hours;
    /// @notice The longest delay.
    uint256 public constant MAX_DELAY = 90 days;
    /// @notice The least time between delay and expiry.
    uint256 public constant MIN_WINDOW = 2 days;
    /// @notice The longest expiry.
    uint256 public constant MAX_EXPIRY = 365 days;
    /// @notice The least `maxMailAge`.
    uint256 public constant MIN_MAIL_AGE = 1 hours;
    /// @notice The largest `maxMailAge`.
    uint256 public constant MAX_MAIL_AGE = 365 days;
    /// @notice How far a provider's clock may be ahead of the chain's.
    uint256 public constant CLOCK_TOLERANCE = 15 minutes;

    /// @dev What `pinnedRoot` is where the registry's roots are followed.
    RegistryRoot private constant NOT_PINNED = RegistryRoot.wrap(0);

    /// @dev A vote belongs to the round in `round`; in any other it is nothing.
    struct Guardian {
        uint16 weight;
        bool accepted;
        uint32 round;
        uint40 votedAt;
        address votedKey;
        RegistryRoot votedRoot;
    }

    /// @dev `round` counts what ends a round of votes and is all that survives removal, with the
    /// nullifiers. `commitments` is empty exactly where there is no configuration.
    struct Account {
        IRecoveryProofVerifier verifier;
        uint32 threshold;
        uint32 delay;
        uint32 expiry;
        IKeyRegistryRoots registry;
        uint32 maxMailAge;
        UndatedMail undatedMail;
        uint32 round;
        RegistryRoot pinnedRoot;
        PendingRecovery pending;
        EmailCommitment[] commitments;
        mapping(EmailCommitment commitment => Guardian) guardians;
        mapping(Nullifier nullifier => bool) nullifiers;
    }

    mapping(address account => Account) private _accounts;

    /// @inheritdoc IEmailRecovery
    function configure(RecoveryConfig calldata config) public virtual {
        _configure(msg.sender, config);
    }

    /// @inheritdoc IEmailRecovery
    function remove() public virtual {
        _remove(msg.sender);
    }

    /// @inheritdoc IEmailRecovery
    function cancel() external {
        Account storage state = _configured(msg.sender);
        emit RecoveryCancelled(msg.sender, _closeRound(msg.sender, state));
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

        guardian.accepted = true;
        _takeMail(account, state, acceptanceSubject(account), inputs, proof);
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
        uint64 nonce = _nonce(account, state);
        if (state.pending.newKey != address(0)) revert RecoveryPending(account, nonce);
        if (!_isValidNewKey(account, newKey)) revert InvalidNewKey(account, newKey);
        EmailCommitment commitment = inputs.emailCommitment;
        Guardian storage guardian = state.guardians[commitment];
        if (guardian.weight == 0) revert NotGuardian(account, commitment);
        if (!guardian.accepted) revert NotAccepted(account, commitment);
        if (_counts(state, guardian, block.timestamp)) {
            revert AlreadyVoted(account, nonce, commitment);
        }

        guardian.round = state.round;
        guardian.votedAt = SafeCast.toUint40(block.timestamp);
        guardian.votedKey = newKey;
        guardian.votedRoot = inputs.registryRoot;
        _takeMail(account, state, recoverySubject(account, newKey), inputs, proof);
        emit Voted(account, nonce, commitment, newKey, inputs.registryRoot);

        if (_weight(state, newKey, block.timestamp) >= state.threshold) {
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
    function execute(address account) public {
        address newKey = _complete(account);
        if (account.code.length == 0) revert NoCode(account);
        _replaceKey(account, newKey);
    }

    /// @inheritdoc IEmailRecovery
    function discard(address account) external {
        Account storage state = _configured(account);
        PendingRecovery memory pending = _pending(account, state);
        // An expired recovery can be discarded whatever the registry answers.
        if (
            block.timestamp < pending.expiresAt && _pendingWeight(state, pending) >= state.threshold
        ) revert RecoveryStillLive(account, _nonce(account, state));
        emit RecoveryDiscarded(account, _closeRound(account, state));
    }

    /// @inheritdoc IEmailRecovery
    function nonceOf(address account) public view returns (uint64) {
        return _nonce(account, _accounts[account]);
    }

    /// @inheritdoc IEmailRecovery
    function acceptanceSubject(address account) public view returns (string memory) {
        return RecoverySubject.acceptance(account, _chainId(), nonceOf(account));
    }

    /// @inheritdoc IEmailRecovery
    function recoverySubject(address account, address newKey) public view returns (string memory) {
        return RecoverySubject.recovery(account, _chainId(), nonceOf(account), newKey);
    }

    /// @inheritdoc IEmailRecovery
    function configOf(address account) external view returns (RecoveryConfig memory config) {
        Account storage state = _configured(account);
        config.verifier = state.verifier;
        config.registry = state.registry;
        config.pinnedRoot = state.pinnedRoot;
        config.threshold = state.threshold;
        config.delay = state.delay;
        config.expiry = state.expiry;
        config.maxMailAge = state.maxMailAge;
        config.undatedMail = state.undatedMail;
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
        if (guardian.round == state.round) {
            status.votedAt = guardian.votedAt;
            status.votedKey = guardian.votedKey;
            status.votedRoot = guardian.votedRoot;
        }
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
        PendingRecovery memory pending = state.pending;
        weight = pending.newKey != address(0) && pending.newKey == newKey
            ? _pendingWeight(state, pending)
            : _weight(state, newKey, block.timestamp);
        threshold = state.threshold;
    }

    /// @inheritdoc IEmailRecovery
    function isNullifierUsed(address account, Nullifier nullifier) external view returns (bool) {
        return _accounts[account].nullifiers[nullifier];
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
        uint256 weight = _pendingWeight(state, pending);
        if (weight < state.threshold) revert NotEnoughWeight(weight, state.threshold);
        emit RecoveryExecuted(account, _closeRound(account, state), pending.newKey);
        return pending.newKey;
    }

    /// @dev `configure` for an account that speaks through something else, such as a module's
    /// installation.
    function _configure(address account, RecoveryConfig memory config) internal {
        Account storage state = _accounts[account];
        if (state.pending.newKey != address(0)) {
            revert RecoveryPending(account, _nonce(account, state));
        }
        _requireValid(config);
        if (state.commitments.length != 0) _closeRound(account, state);

        state.verifier = config.verifier;
        state.threshold = config.threshold;
        state.delay = config.delay;
        state.expiry = config.expiry;
        state.registry = config.registry;
        state.maxMailAge = config.maxMailAge;
        state.undatedMail = config.undatedMail;
        state.pinnedRoot = config.pinnedRoot;
        _setGuardians(state, config.guardians);
        emit RecoveryConfigured(account, _nonce(account, state), config);
    }

    /// @dev `remove` for an account that speaks through something else.
    function _remove(address account) internal {
        Account storage state = _configured(account);
        uint64 nonce = _closeRound(account, state);
        _setGuardians(state, new GuardianWeight[](0));
        delete state.verifier;
        delete state.threshold;
        delete state.delay;
        delete state.expiry;
        delete state.registry;
        delete state.maxMailAge;
        delete state.undatedMail;
        state.pinnedRoot = NOT_PINNED;
        emit RecoveryRemoved(account, nonce);
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

    /// @dev Voids all votes and the pending recovery by moving on to the next nonce. Returns the one
    /// that is over.
    function _closeRound(address account, Account storage state) private returns (uint64 closed) {
        closed = _nonce(account, state);
        delete state.pending;
        ++state.round;
    }

    /// @dev Everything that makes a mail count, but who sent it; marks it as used.
    function _takeMail(
        address account,
        Account storage state,
        string memory subject,
        RecoveryPublicInputs calldata inputs,
        bytes calldata proof
    ) private {
        _requireSubject(subject, inputs.subject);
        if (!_isRootAccepted(state, inputs.registryRoot)) {
            revert RootNotAccepted(inputs.registryRoot);
        }
        _requireRecent(state, inputs.timestamp);
        if (state.nullifiers[inputs.nullifier]) {
            revert MailAlreadyUsed(account, inputs.nullifier);
        }
        state.nullifiers[inputs.nullifier] = true;
        if (!state.verifier.verify(inputs, proof)) revert InvalidProof();
    }

    function _configured(address account) private view returns (Account storage state) {
        state = _accounts[account];
        if (state.commitments.length == 0) revert NotConfigured(account);
    }

    function _pending(address account, Account storage state)
        private
        view
        returns (PendingRecovery memory pending)
    {
        pending = state.pending;
        if (pending.newKey == address(0)) revert NoRecoveryPending(account);
    }

    /// @dev The first nonce depends on this contract and the account, so that a mail for one
    /// recovery contract is no mail for another, even if both are installed at once. 63 bits leave
    /// room for every round.
    function _nonce(address account, Account storage state) private view returns (uint64) {
        uint64 first = uint64(bytes8(keccak256(abi.encode(address(this), account)))) >> 1;
        return first + state.round;
    }

    /// @dev Read at each use: after a fork of the chain, mail for one side is none for the other.
    function _chainId() private view returns (uint128) {
        return SafeCast.toUint128(block.chainid);
    }

    /// @dev Weight of the votes for a key that count at `time`. Bounded by 16 times 65,535.
    function _weight(Account storage state, address newKey, uint256 time)
        private
        view
        returns (uint256 weight)
    {
        uint256 length = state.commitments.length;
        for (uint256 i = 0; i < length; ++i) {
            Guardian storage guardian = state.guardians[state.commitments[i]];
            if (guardian.votedKey == newKey && _counts(state, guardian, time)) {
                weight += guardian.weight;
            }
        }
    }

    /// @dev The same of a pending recovery: the votes that counted when it began, without those
    /// under roots revoked since.
    function _pendingWeight(Account storage state, PendingRecovery memory pending)
        private
        view
        returns (uint256)
    {
        return _weight(state, pending.newKey, pending.expiresAt - state.expiry);
    }

    /// @dev Whether the guardian has a vote in this round that counts at `time`.
    function _counts(Account storage state, Guardian storage guardian, uint256 time)
        private
        view
        returns (bool)
    {
        return guardian.votedKey != address(0) && guardian.round == state.round
            && time < uint256(guardian.votedAt) + state.expiry
            && !state.registry.isRevoked(guardian.votedRoot);
    }

    function _isRootAccepted(Account storage state, RegistryRoot root) private view returns (bool) {
        if (state.pinnedRoot == NOT_PINNED) return state.registry.isAccepted(root);
        return root == state.pinnedRoot && !state.registry.isRevoked(root);
    }

    function _requireRecent(Account storage state, uint256 timestamp) private view {
        if (timestamp == 0) {
            if (state.undatedMail == UndatedMail.Refuse) revert UndatedMailRefused();
            return;
        }
        uint256 latest = block.timestamp + CLOCK_TOLERANCE;
        if (timestamp > latest) revert MailFromTheFuture(timestamp, latest);
        uint256 oldest = block.timestamp - Math.min(block.timestamp, state.maxMailAge);
        if (timestamp < oldest) revert MailTooOld(timestamp, oldest);
    }

    function _requireSubject(string memory text, SubjectWord[SUBJECT_WORDS] calldata got)
        private
        pure
    {
        SubjectWord[SUBJECT_WORDS] memory expected = RecoverySubject.pack(text);
        for (uint256 i = 0; i < expected.length; ++i) {
            if (got[i] != expected[i]) revert SubjectMismatch(expected, got);
        }
    }

    function _requireValid(RecoveryConfig memory config) private view {
        _requireCode(address(config.verifier));
        _requireCode(address(config.registry));
        RegistryRoot pinned = config.pinnedRoot;
        if (pinned != NOT_PINNED && config.registry.isRevoked(pinned)) {
            revert RootNotAccepted(pinned);
        }
        if (config.delay < MIN_DELAY || config.delay > MAX_DELAY) {
            revert InvalidDelay(config.delay, MIN_DELAY, MAX_DELAY);
        }
        uint256 minExpiry = config.delay + MIN_WINDOW;
        if (config.expiry < minExpiry || config.expiry > MAX_EXPIRY) {
            revert InvalidExpiry(config.expiry, minExpiry, MAX_EXPIRY);
        }
        if (config.maxMailAge < MIN_MAIL_AGE || config.maxMailAge > MAX_MAIL_AGE) {
            revert InvalidMailAge(config.maxMailAge, MIN_MAIL_AGE, MAX_MAIL_AGE);
        }
        uint256 count = config.guardians.length;
        if (count == 0 || count > MAX_GUARDIANS) revert GuardianCount(count, MAX_GUARDIANS);
        uint256 total;
        for (uint256 i = 0; i < count; ++i) {
            GuardianWeight memory guardian = config.guardians[i];
            uint256 commitment = EmailCommitment.unwrap(guardian.commitment);
            if (commitment == 0 || commitment >= SCALAR_FIELD_ORDER) {
                revert InvalidCommitment(guardian.commitment);
            }
            if (guardian.weight == 0) revert ZeroWeight(guardian.commitment);
            total += guardian.weight;
        }
        if (config.threshold == 0 || config.threshold > total) {
            revert InvalidThreshold(config.threshold, total);
        }
    }

    function _requireCode(address target) private view {
        if (target.code.length == 0) revert NoCode(target);
    }
}
