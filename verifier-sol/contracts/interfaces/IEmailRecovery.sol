// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IKeyRegistryRoots} from "./IKeyRegistryRoots.sol";
import {IRecoveryProofVerifier} from "./IRecoveryProofVerifier.sol";
import {
    EmailCommitment,
    Nullifier,
    RecoveryPublicInputs,
    RegistryRoot,
    SUBJECT_WORDS,
    SubjectWord
} from "./PublicInputs.sol";

/// @title Recovery of an account's key by proofs of signed mail
/// @notice One contract serves many accounts; everything is keyed by the account. Guardians are
/// commitments to mail addresses, with weights. Those who reach the threshold for one new key start
/// a recovery; after the delay anybody completes it; until then the account can cancel it.
///
/// Who sends a transaction never matters, except that only the account itself configures, cancels
/// and removes. Whoever sees a proof and sends it first does what its sender wanted done.
///
/// What a guardian alone can do: vote for keys of its choice, without effect below the threshold;
/// it can neither stop the others nor move a delay. Guardians who reach the threshold can take the
/// account over unless it cancels within the delay, and can begin again after each cancellation
/// until the account replaces them. Whoever holds the account's key can cancel: this protects
/// against a lost key, not against one that a thief uses faster than the delay passes.
interface IEmailRecovery {
    /// @notice Whether mail without a `t=` tag counts (Outlook has none). Its age is bounded by the
    /// nonce alone.
    enum UndatedMail {
        Refuse,
        Accept
    }

    /// @notice A guardian as configured.
    /// @param commitment H(EMAIL, salt, address); not 0, below the scalar field's order.
    /// @param weight Its weight; not 0.
    struct GuardianWeight {
        EmailCommitment commitment;
        uint16 weight;
    }

    /// @notice What an account decides.
    /// @param verifier Judges proofs.
    /// @param registry Knows the accepted roots.
    /// @param pinnedRoot The only root to accept, whether or not it is still among the registry's
    /// recent ones, unless it is revoked; 0 to follow the registry.
    /// @param threshold Weight that starts a recovery; not above the sum of weights.
    /// @param delay Seconds from there until the key can be replaced.
    /// @param expiry Seconds from there until it can't any more, and how long a vote counts while
    /// others are awaited.
    /// @param maxMailAge Seconds that a mail may be old when its proof arrives.
    /// @param undatedMail Whether mail without a timestamp counts.
    /// @param guardians The guardians, each once.
    struct RecoveryConfig {
        IRecoveryProofVerifier verifier;
        IKeyRegistryRoots registry;
        RegistryRoot pinnedRoot;
        uint32 threshold;
        uint32 delay;
        uint32 expiry;
        uint32 maxMailAge;
        UndatedMail undatedMail;
        GuardianWeight[] guardians;
    }

    /// @notice A recovery that waits for its delay.
    /// @param newKey The key that it will set; 0 when no recovery is pending.
    /// @param executableFrom First second in which `execute` works.
    /// @param expiresAt First second in which it no longer does.
    struct PendingRecovery {
        address newKey;
        uint40 executableFrom;
        uint40 expiresAt;
    }

    /// @notice A guardian as it stands.
    /// @param weight Its weight; 0 when it is none of the account's guardians.
    /// @param accepted Whether it has shown control of its address.
    /// @param votedAt When it voted under the present nonce; 0 if it has not.
    /// @param votedKey The key that it voted for under the present nonce.
    /// @param votedRoot The registry root that its vote was proved under.
    struct GuardianStatus {
        uint16 weight;
        bool accepted;
        uint40 votedAt;
        address votedKey;
        RegistryRoot votedRoot;
    }

    /// @notice An account set its configuration, its first or another one.
    /// @param account The account.
    /// @param nonce The nonce that Subjects carry from now on.
    /// @param config What the account decided.
    event RecoveryConfigured(address indexed account, uint64 nonce, RecoveryConfig config);
    /// @notice An account left; its nonce and the nullifiers of its mails stay.
    /// @param account The account.
    /// @param nonce The nonce that is over.
    event RecoveryRemoved(address indexed account, uint64 nonce);
    /// @notice A guardian has shown control of its address.
    /// @param account The account.
    /// @param commitment The guardian.
    event GuardianAccepted(address indexed account, EmailCommitment indexed commitment);
    /// @notice A guardian voted.
    /// @param account The account.
    /// @param nonce The nonce of the vote.
    /// @param commitment The guardian.
    /// @param newKey The key that it voted for.
    /// @param registryRoot The root that its vote was proved under.
    event Voted(
        address indexed account,
        uint64 indexed nonce,
        EmailCommitment indexed commitment,
        address newKey,
        RegistryRoot registryRoot
    );
    /// @notice The threshold is reached: who owns the account has until `executableFrom` to cancel.
    /// @param account The account.
    /// @param nonce The nonce of the votes.
    /// @param newKey The key that will be set.
    /// @param executableFrom First second in which it can be.
    /// @param expiresAt First second in which it no longer can.
    event RecoveryStarted(
        address indexed account,
        uint64 indexed nonce,
        address newKey,
        uint40 executableFrom,
        uint40 expiresAt
    );
    /// @notice The key was replaced.
    /// @param account The account.
    /// @param nonce The nonce that is over.
    /// @param newKey The key that was set.
    event RecoveryExecuted(address indexed account, uint64 indexed nonce, address newKey);
    /// @notice The account itself ended the round of votes, and the pending recovery if there was
    /// one.
    /// @param account The account.
    /// @param nonce The nonce that is over.
    event RecoveryCancelled(address indexed account, uint64 indexed nonce);
    /// @notice A pending recovery ended because it had expired, or because too few of its votes
    /// still counted.
    /// @param account The account.
    /// @param nonce The nonce that is over.
    event RecoveryDiscarded(address indexed account, uint64 indexed nonce);

    /// @notice The account has no configuration here.
    error NotConfigured(address account);
    /// @notice There is no code at an address that is to be called.
    error NoCode(address target);
    /// @notice No guardian, or more than `MAX_GUARDIANS`.
    error GuardianCount(uint256 got, uint256 maximum);
    /// @notice A commitment is 0 or not below the scalar field's order.
    error InvalidCommitment(EmailCommitment commitment);
    /// @notice A commitment occurs twice.
    error DuplicateGuardian(EmailCommitment commitment);
    /// @notice A guardian without weight.
    error ZeroWeight(EmailCommitment commitment);
    /// @notice A threshold of 0, or one that all guardians together don't reach.
    error InvalidThreshold(uint256 threshold, uint256 totalWeight);
    /// @notice A delay outside the bounds.
    error InvalidDelay(uint256 delay, uint256 minimum, uint256 maximum);
    /// @notice An expiry that leaves too short a time after the delay, or too long a one.
    error InvalidExpiry(uint256 expiry, uint256 minimum, uint256 maximum);
    /// @notice An age of mail outside the bounds.
    error InvalidMailAge(uint256 maxMailAge, uint256 minimum, uint256 maximum);
    /// @notice Not a guardian of the account.
    error NotGuardian(address account, EmailCommitment commitment);
    /// @notice The guardian has accepted already.
    error AlreadyAccepted(address account, EmailCommitment commitment);
    /// @notice The guardian has not shown control of its address yet.
    error NotAccepted(address account, EmailCommitment commitment);
    /// @notice The guardian has voted under this nonce.
    error AlreadyVoted(address account, uint64 nonce, EmailCommitment commitment);
    /// @notice The proof's Subject is not the one that is accepted now: another account, chain,
    /// nonce, key or command.
    error SubjectMismatch(SubjectWord[SUBJECT_WORDS] expected, SubjectWord[SUBJECT_WORDS] got);
    /// @notice The registry (or the account's pin) does not accept the root.
    error RootNotAccepted(RegistryRoot root);
    /// @notice The mail is older than the account allows.
    error MailTooOld(uint256 timestamp, uint256 oldest);
    /// @notice The mail's timestamp lies in the future by more than clocks differ.
    error MailFromTheFuture(uint256 timestamp, uint256 latest);
    /// @notice The mail has no timestamp and the account does not take such mail.
    error UndatedMailRefused();
    /// @notice The mail's signed header block has counted for this account before.
    error MailAlreadyUsed(address account, Nullifier nullifier);
    /// @notice The proof does not hold.
    error InvalidProof();
    /// @notice A key that the account could not be given.
    error InvalidNewKey(address account, address newKey);
    /// @notice A recovery is pending; it has to be executed, cancelled or discarded first.
    error RecoveryPending(address account, uint64 nonce);
    /// @notice No recovery is pending.
    error NoRecoveryPending(address account);
    /// @notice The delay has not passed.
    error DelayNotPassed(uint256 timestamp, uint256 executableFrom);
    /// @notice The recovery has expired.
    error RecoveryExpired(uint256 timestamp, uint256 expiresAt);
    /// @notice The recovery has neither expired nor lost its votes.
    error RecoveryStillLive(address account, uint64 nonce);
    /// @notice Too few votes still count: the roots of others were revoked.
    error NotEnoughWeight(uint256 weight, uint256 threshold);

    /// @notice Sets the caller's guardians, thresholds, times, verifier and registry, all of them.
    /// Guardians who stay keep their acceptance; all votes lapse with the nonce.
    /// @dev Reverts while a recovery is pending: the account cancels first, so that it never ends
    /// one by accident.
    /// @param config What the account decides.
    function configure(RecoveryConfig calldata config) external;

    /// @notice Removes the caller's configuration, guardians and pending recovery.
    function remove() external;

    /// @notice Ends the caller's pending recovery and every vote so far. Works at any time.
    function cancel() external;

    /// @notice Shows that a guardian controls its address and agrees. Without it no vote counts.
    /// @dev The Subject is `acceptanceSubject(account)`. An acceptance stays when the root that it
    /// was proved under is revoked later: it gives no power that a vote, with a proof and a root
    /// of its own, does not have to show again.
    /// @param account The account that named the guardian.
    /// @param inputs The proof's public inputs; the commitment says which guardian.
    /// @param proof The proof.
    function acceptGuardian(
        address account,
        RecoveryPublicInputs calldata inputs,
        bytes calldata proof
    ) external;

    /// @notice Counts a guardian's vote. The one that reaches the threshold starts the recovery.
    /// @dev The Subject is `recoverySubject(account, newKey)`. Reverts while a recovery is pending,
    /// so no vote moves its times. A vote counts for `expiry` seconds and while its root is not
    /// revoked; a guardian whose vote no longer counts may vote again, by another mail. A guardian
    /// who wrote for two keys has voted for the one whose proof comes first.
    /// @param account The account to recover.
    /// @param newKey The key that it shall have.
    /// @param inputs The proof's public inputs; the commitment says which guardian.
    /// @param proof The proof.
    function vote(
        address account,
        address newKey,
        RecoveryPublicInputs calldata inputs,
        bytes calldata proof
    ) external;

    /// @notice Replaces the key, once, after the delay and before the expiry.
    /// @dev Votes under roots revoked since do not count.
    /// @param account The account to recover.
    function execute(address account) external;

    /// @notice Ends a pending recovery that can never be executed: it has expired, or revoked roots
    /// took away the votes that it needs. Guardians can begin again under the next nonce.
    /// @param account The account.
    function discard(address account) external;

    /// @notice The nonce that Subjects must carry now. It grows by one with every recovery that was
    /// executed, cancelled or discarded and with every change of the configuration, and survives
    /// removal. It begins at a number that no other recovery contract shares, so that no mail works
    /// on two of them.
    /// @param account The account.
    /// @return The nonce.
    function nonceOf(address account) external view returns (uint64);

    /// @notice The Subject by which a guardian accepts: "Guard 0x… on … nonce …".
    /// @param account The account.
    /// @return The whole Subject value.
    function acceptanceSubject(address account) external view returns (string memory);

    /// @notice The Subject by which a guardian votes: "Recover 0x… on … nonce … to 0x…".
    /// @param account The account.
    /// @param newKey The key that it shall have.
    /// @return The whole Subject value.
    function recoverySubject(address account, address newKey) external view returns (string memory);

    /// @notice The configuration. Reverts where there is none.
    /// @param account The account.
    /// @return What the account decided.
    function configOf(address account) external view returns (RecoveryConfig memory);

    /// @notice What is known of a guardian. Zeroes where it is none.
    /// @param account The account.
    /// @param commitment The guardian.
    /// @return Where it stands.
    function guardianOf(address account, EmailCommitment commitment)
        external
        view
        returns (GuardianStatus memory);

    /// @notice The pending recovery. Zeroes where there is none.
    /// @param account The account.
    /// @return The recovery.
    function pendingRecoveryOf(address account) external view returns (PendingRecovery memory);

    /// @notice Weight of the votes for a key that count now, and the threshold.
    /// @param account The account.
    /// @param newKey The key.
    /// @return weight The weight that counts.
    /// @return threshold The weight that is needed.
    function weightOf(address account, address newKey)
        external
        view
        returns (uint256 weight, uint256 threshold);

    /// @notice Whether a mail's signed header block has counted for the account. A second signature of
    /// the same mail has a nullifier of its own; it is the nonce and one vote for each guardian that
    /// keep a mail from counting twice.
    /// @param account The account.
    /// @param nullifier The block's nullifier.
    /// @return Whether it has.
    function isNullifierUsed(address account, Nullifier nullifier) external view returns (bool);
}
