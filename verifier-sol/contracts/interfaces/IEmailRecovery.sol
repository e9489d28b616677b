// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {GuardianId} from "./GuardianId.sol";
import {IKeyRegistryRoots} from "./IKeyRegistryRoots.sol";
import {IRecoveryProofVerifier} from "./IRecoveryProofVerifier.sol";
import {
    Nullifier,
    RecoveryPublicInputs,
    RegistryRoot,
    SUBJECT_WORDS,
    SubjectWord
} from "./PublicInputs.sol";

/// @title Recovery of an account by guardians: mailboxes and signers
/// @notice One contract serves many accounts; everything is keyed by the account. Guardians have
/// weights; each is a mailbox, which shows its will by a proof of a signed mail, or a signer of ERC-7913
/// (a passkey, a contract, a plain key), which shows it by a signature. Somebody opens a round; guardians
/// vote in it; those who reach the threshold for one new owner start a recovery; after the delay anybody
/// completes it; until then the account can cancel it, and so can guardians who reach another threshold.
///
/// An owner is bytes: the 20 of an address, or more, as the account's integration understands them: an
/// ERC-7913 signer, several owners. A clear Subject names 20 bytes as they are, others by their keccak256.
///
/// Every mail and every signature names a number that nobody knew before: votes that of the round, drawn
/// when it is opened, acceptances that of the configuration. So nothing can be written in store, by a
/// guardian or by whoever has the mailbox for ten minutes. What has a time besides may not be older
/// than the number that it names.
///
/// Who sends a transaction never matters, except that only the account itself configures, cancels
/// and removes. Whoever sees a proof and sends it first does what its sender wanted done. A round
/// serves everybody, whoever opened it: it is open for the whole voting period, and nobody but the
/// account, or guardians who together may cancel, ends it before.
///
/// What a guardian alone can do: vote for owners of its choice, without effect below the threshold;
/// it can neither stop the others nor move a delay. Guardians who reach the threshold can take the
/// account over unless it cancels within the delay, and can begin again after each cancellation
/// until the account replaces them. Whoever holds the account's key can cancel: this protects
/// against a lost key, not against one that a thief uses faster than the delay passes. What would weaken
/// the recovery waits as long as a recovery does, so a thief can neither take it away nor make it its own
/// unnoticed.
interface IEmailRecovery {
    /// @notice Whether mail without a `t=` tag counts (Outlook has none), and mail whose sender does not
    /// show it. Its age is bounded by the number in its Subject alone.
    enum UndatedMail {
        Refuse,
        Accept
    }

    /// @notice Which Subjects count: those that anybody can read, those that are sealed over a
    /// command, so that the mail's providers do not see whose mail it is, or both.
    enum SubjectForms {
        Either,
        Clear,
        Sealed
    }

    /// @notice A guardian as configured.
    /// @param guardian A mailbox or a signer.
    /// @param weight Its weight; not 0.
    struct GuardianWeight {
        GuardianId guardian;
        uint16 weight;
    }

    /// @notice What an account decides. Times are in seconds.
    /// @param verifier Judges proofs.
    /// @param setupAcknowledgement keccak256("I accept forged proofs") where the verifier says that
    /// its setup is anything but a ceremony's; else whatever.
    /// @param registry Knows the accepted roots.
    /// @param pinnedRoot A root that counts without the registry's word and without delay, unless
    /// it is revoked; 0 for none.
    /// @param rootDelay How much later than for others a root of the registry counts for this
    /// account, at most 90 days: the time to disagree with it.
    /// @param threshold Weight that starts a recovery; not above the sum of weights.
    /// @param cancelThreshold Weight of guardians that cancels one; not above the sum of weights.
    /// @param votingPeriod How long a round takes votes from its opening, 1 to 90 days.
    /// @param delay From the threshold until the key can be replaced, 1 hour to 90 days.
    /// @param expiry From the threshold until it can't any more, `delay` + 2 days to 365 days.
    /// @param maxMailAge How old a mail may be when its proof arrives, 1 hour to 365 days.
    /// @param undatedMail Whether mail counts whose time is not shown, or which has none.
    /// @param subjectForms Which Subjects count.
    /// @param guardians The guardians, 1 to 16, each once.
    struct RecoveryConfig {
        IRecoveryProofVerifier verifier;
        bytes32 setupAcknowledgement;
        IKeyRegistryRoots registry;
        RegistryRoot pinnedRoot;
        uint32 rootDelay;
        uint32 threshold;
        uint32 cancelThreshold;
        uint32 votingPeriod;
        uint32 delay;
        uint32 expiry;
        uint32 maxMailAge;
        UndatedMail undatedMail;
        SubjectForms subjectForms;
        GuardianWeight[] guardians;
    }

    /// @notice A recovery that waits for its delay.
    /// @param newOwner The owner that it will set; empty when no recovery is pending.
    /// @param executableFrom First second in which `execute` works.
    /// @param expiresAt First second in which it no longer does.
    struct PendingRecovery {
        bytes newOwner;
        uint40 executableFrom;
        uint40 expiresAt;
    }

    /// @notice A guardian as it stands.
    /// @param weight Its weight; 0 when it is none of the account's guardians.
    /// @param accepted Whether it has shown control of its address or key.
    /// @param votedAt The time that its vote in the open round shows: the bound of the mail's, 0 where the
    /// mail shows none, or that of the signature.
    /// @param votedOwner keccak256 of the owner that it voted for in the open round; 0 if it has not.
    /// @param votedRoot The registry root that its vote was proved under; 0 for a signer.
    /// @param votedToCancel Whether it voted to cancel the recovery of this round.
    struct GuardianStatus {
        uint16 weight;
        bool accepted;
        uint40 votedAt;
        bytes32 votedOwner;
        RegistryRoot votedRoot;
        bool votedToCancel;
    }

    /// @notice A change that waits for its time.
    /// @param id What tells it from others; 0 when none waits.
    /// @param applicableFrom First second in which it can be applied.
    /// @param lapsesAt First second in which it no longer can.
    struct ScheduledChange {
        bytes32 id;
        uint256 applicableFrom;
        uint256 lapsesAt;
    }

    // Events. The account is the first topic of each, so one filter is enough for all that happens to it.

    /// @notice An account set its configuration, its first or another one. Every round of before is
    /// over.
    /// @param account The account.
    /// @param setupNonce The number that acceptances must name.
    /// @param config What the account decided.
    /// @param settings What its integration keeps besides.
    event RecoveryConfigured(
        address indexed account, uint64 setupNonce, RecoveryConfig config, bytes settings
    );
    /// @notice A change that would weaken the recovery waits, in place of any other that does. The notice
    /// that somebody has the account's key who should not have it.
    /// @param account The account.
    /// @param change What tells it from others.
    /// @param applicableFrom First second in which anybody can apply it.
    /// @param lapsesAt First second in which nobody can any more.
    /// @param config The configuration that waits.
    /// @param settings What the account's integration keeps besides.
    event ChangeScheduled(
        address indexed account,
        bytes32 indexed change,
        uint256 applicableFrom,
        uint256 lapsesAt,
        RecoveryConfig config,
        bytes settings
    );
    /// @notice The account wants to leave, and can when the time has come.
    /// @param account The account.
    /// @param applicableFrom First second in which it can.
    /// @param lapsesAt First second in which it no longer can.
    event RemovalScheduled(address indexed account, uint256 applicableFrom, uint256 lapsesAt);
    /// @notice A change, or a removal, no longer waits: the account took it back, or somebody recovered the
    /// account meanwhile.
    /// @param account The account.
    /// @param change What told it from others.
    event ChangeCancelled(address indexed account, bytes32 indexed change);
    /// @notice An account left; the nullifiers of its mails stay.
    /// @param account The account.
    event RecoveryRemoved(address indexed account);
    /// @notice Salts of an account's guardians, encrypted to their mailboxes by whoever owns the
    /// account. Nothing here reads them.
    /// @param account The account.
    /// @param escrow The encrypted salts.
    event SaltsEscrowed(address indexed account, bytes escrow);
    /// @notice Somebody opened a round: a recovery may follow. The first notice that an owner can
    /// get.
    /// @param account The account.
    /// @param nonce The number that votes must name.
    /// @param closesAt First second in which votes are no longer taken.
    event RoundOpened(address indexed account, uint64 indexed nonce, uint256 closesAt);
    /// @notice A guardian has shown control of its address or key.
    /// @param account The account.
    /// @param guardian The guardian.
    event GuardianAccepted(address indexed account, GuardianId indexed guardian);
    /// @notice A guardian voted, for the first time in this round or in place of an earlier vote.
    /// @param account The account.
    /// @param nonce The nonce of the round.
    /// @param guardian The guardian.
    /// @param newOwner The owner that it voted for.
    /// @param registryRoot The root that its vote was proved under; 0 for a signer.
    event Voted(
        address indexed account,
        uint64 indexed nonce,
        GuardianId indexed guardian,
        bytes newOwner,
        RegistryRoot registryRoot
    );
    /// @notice The threshold is reached: who owns the account has until `executableFrom` to cancel.
    /// @param account The account.
    /// @param nonce The nonce of the round.
    /// @param newOwner The owner that will be set.
    /// @param executableFrom First second in which it can be.
    /// @param expiresAt First second in which it no longer can.
    event RecoveryStarted(
        address indexed account,
        uint64 indexed nonce,
        bytes newOwner,
        uint40 executableFrom,
        uint40 expiresAt
    );
    /// @notice A guardian voted to cancel the pending recovery.
    /// @param account The account.
    /// @param nonce The nonce of the round.
    /// @param guardian The guardian.
    /// @param registryRoot The root that its vote was proved under; 0 for a signer.
    event VotedToCancel(
        address indexed account,
        uint64 indexed nonce,
        GuardianId indexed guardian,
        RegistryRoot registryRoot
    );
    /// @notice The owner was replaced.
    /// @param account The account.
    /// @param nonce The nonce of the round that is over.
    /// @param newOwner The owner that was set.
    event RecoveryExecuted(address indexed account, uint64 indexed nonce, bytes newOwner);
    /// @notice The account itself ended the round, and the pending recovery if there was one.
    /// @param account The account.
    /// @param nonce The nonce of the round that is over; 0 if there was none.
    event RecoveryCancelled(address indexed account, uint64 indexed nonce);
    /// @notice Guardians ended the round and its pending recovery.
    /// @param account The account.
    /// @param nonce The nonce of the round that is over.
    event RecoveryCancelledByGuardians(address indexed account, uint64 indexed nonce);
    /// @notice A pending recovery ended because it had expired, because too few of its votes still
    /// counted, or because the account does not take the owner.
    /// @param account The account.
    /// @param nonce The nonce of the round that is over.
    event RecoveryDiscarded(address indexed account, uint64 indexed nonce);

    // Errors

    /// @notice The account has no configuration here.
    error NotConfigured(address account);
    /// @notice There is no code at an address that is to be called.
    error NoCode(address target);
    /// @notice Anybody can forge the verifier's proofs, and the account did not say to know it.
    error InsecureSetupNotAcknowledged(string srsKind);
    /// @notice No guardian, or more than 16.
    error GuardianCount(uint256 got, uint256 maximum);
    /// @notice Neither a commitment (not 0, below the scalar field's order) nor the id of a signer.
    error InvalidGuardian(GuardianId guardian);
    /// @notice A guardian occurs twice.
    error DuplicateGuardian(GuardianId guardian);
    /// @notice A guardian without weight.
    error ZeroWeight(GuardianId guardian);
    /// @notice A threshold of 0, or one that all guardians together don't reach.
    error InvalidThreshold(uint256 threshold, uint256 totalWeight);
    /// @notice A delay outside the bounds.
    error InvalidDelay(uint256 delay, uint256 minimum, uint256 maximum);
    /// @notice An expiry that leaves too short a time after the delay, or too long a one.
    error InvalidExpiry(uint256 expiry, uint256 minimum, uint256 maximum);
    /// @notice A voting period outside the bounds.
    error InvalidVotingPeriod(uint256 votingPeriod, uint256 minimum, uint256 maximum);
    /// @notice An age of mail outside the bounds.
    error InvalidMailAge(uint256 maxMailAge, uint256 minimum, uint256 maximum);
    /// @notice A delay of the registry's roots above the bound.
    error InvalidRootDelay(uint256 rootDelay, uint256 maximum);
    /// @notice No round is open: somebody has to open one, and guardians write after that.
    error RoundNotOpen(address account);
    /// @notice A round is open, and serves everybody.
    error RoundOpen(address account, uint64 nonce, uint256 closesAt);
    /// @notice Not a guardian of the account.
    error NotGuardian(address account, GuardianId guardian);
    /// @notice The guardian has accepted already.
    error AlreadyAccepted(address account, GuardianId guardian);
    /// @notice The guardian has not shown control of its address or key yet.
    error NotAccepted(address account, GuardianId guardian);
    /// @notice The guardian has voted by a mail or signature that is shown to be as late as this one, or later.
    error MailNotNewer(uint256 notBefore, uint256 previous);
    /// @notice The account does not take Subjects of this form.
    error SubjectFormRefused(SubjectForms accepted);
    /// @notice The proof's Subject is not the one that is accepted now: another account, chain,
    /// nonce, owner or command.
    error SubjectMismatch(SubjectWord[SUBJECT_WORDS] expected, SubjectWord[SUBJECT_WORDS] got);
    /// @notice Neither the account's pin nor, after the account's delay, one of the registry's
    /// accepted roots; or a revoked one.
    error RootNotAccepted(RegistryRoot root);
    /// @notice The mail is not shown to be as young as the account asks, or as the number that it
    /// names.
    error MailTooOld(uint256 notBefore, uint256 oldest);
    /// @notice The mail's time lies in the future by more than clocks differ.
    error MailFromTheFuture(uint256 notBefore, uint256 latest);
    /// @notice The mail has no time, or does not show it, and the account does not take such mail.
    error UndatedMailRefused();
    /// @notice The mail's signed header block has counted for this account before.
    error MailAlreadyUsed(address account, Nullifier nullifier);
    /// @notice The proof does not hold.
    error InvalidProof();
    /// @notice An owner that the account could not be given.
    error InvalidNewOwner(address account, bytes newOwner);
    /// @notice The signature is none of this signer for this message.
    error InvalidSignature(bytes signer);
    /// @notice The account's integration has no settings.
    error SettingsNotEmpty(uint256 length);
    /// @notice This change waits already.
    error ChangeNotDue(uint256 timestamp, uint256 applicableFrom);
    /// @notice Another change waits, or none.
    error ChangeNotScheduled(address account, bytes32 change);
    /// @notice The change has waited too long.
    error ChangeLapsed(uint256 timestamp, uint256 lapsesAt);
    /// @notice A recovery is pending; it has to be executed, cancelled or discarded first.
    error RecoveryPending(address account, uint64 nonce);
    /// @notice No recovery is pending.
    error NoRecoveryPending(address account);
    /// @notice The delay has not passed.
    error DelayNotPassed(uint256 timestamp, uint256 executableFrom);
    /// @notice The recovery has expired.
    error RecoveryExpired(uint256 timestamp, uint256 expiresAt);
    /// @notice The recovery has neither expired nor lost its votes, and the account has not refused
    /// it for a day.
    error RecoveryStillLive(address account, uint64 nonce);
    /// @notice Too few votes still count: the roots of others were revoked.
    error NotEnoughWeight(uint256 weight, uint256 threshold);
    /// @notice Not as many proofs as public inputs.
    error BatchLength(uint256 inputs, uint256 proofs);
    /// @notice One vote of a batch was refused, and all of it with it.
    /// @dev The index is that of the vote, the reason what `vote` reverted with.
    error BatchedVoteRefused(uint256 index, bytes reason);
    /// @notice Too little gas for the account to show whether it takes the key.
    error NotEnoughGas(uint256 got, uint256 needed);

    // What the account does

    /// @notice Sets the caller's guardians, thresholds, times, verifier and registry, all of them: at once
    /// where nothing gets weaker, else after the account's `delay`, when anybody may `applyChange`, or the
    /// account say the same again.
    /// @dev At once: the first configuration; any, as long as the guardians who have accepted do not reach
    /// the threshold; and one after which every recovery, and every cancellation, needs as much weight of
    /// the guardians of before as it did, those who have accepted still reach the threshold, no time
    /// is more lax, and nothing is trusted that was not. Where it is applied, guardians who stay keep their
    /// acceptance, and an open round is over.
    ///
    /// Reverts while a recovery is pending, so that the account never ends one by accident: then
    /// `cancelAndConfigure`.
    /// @param config What the account decides.
    function configure(RecoveryConfig calldata config) external;

    /// @notice `cancel` and `configure` in one call, between which nobody can start another recovery.
    /// @param config What the account decides.
    function cancelAndConfigure(RecoveryConfig calldata config) external;

    /// @notice Applies a change whose time has come. Anybody may, unless a recovery is pending.
    /// @param account The account.
    /// @param config The configuration, as `ChangeScheduled` had it.
    /// @param settings What the integration keeps besides, as `ChangeScheduled` had it.
    function applyChange(address account, RecoveryConfig calldata config, bytes calldata settings)
        external;

    /// @notice Takes the caller's waiting change back.
    function cancelChange() external;

    /// @notice Removes the caller's configuration and guardians: at once where the guardians who have
    /// accepted do not reach the threshold, else by a second call after the account's `delay`. An account
    /// that drops its module or provider leaves at once, whatever this says.
    /// @dev Reverts while a recovery is pending.
    function remove() external;

    /// @notice Ends the caller's open round with its votes and pending recovery. Works at any time.
    function cancel() external;

    /// @notice Logs the salts of the caller's guardians, encrypted, for those who lost them; for a
    /// wallet that finds them by the account's address.
    /// @param escrow The encrypted salts.
    function publishEscrow(bytes calldata escrow) external;

    /// @notice Opens a round, so that guardians can vote. Anybody may, where none is open.
    /// @dev Its nonce is drawn here, and guardians write their mails after that. Whoever waits for a
    /// round that has little time left loses less than that.
    /// @param account The account.
    function openRound(address account) external;

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

    /// @notice `acceptGuardian` for a signer.
    /// @param account The account that named the guardian.
    /// @param signer The signer, as in ERC-7913.
    /// @param signedAt When it signed, in seconds.
    /// @param signature Its signature of `acceptanceHash(account, signedAt)`.
    function acceptBySignature(
        address account,
        bytes calldata signer,
        uint40 signedAt,
        bytes calldata signature
    ) external;

    /// @notice Counts a guardian's vote. The one that reaches the threshold starts the recovery.
    /// @dev The Subject is `recoverySubject(account, newOwner)`. Reverts while a recovery is pending,
    /// so no vote moves its times. A vote counts while its round is open and its root is not revoked.
    /// A guardian changes its vote by a mail that is shown to be later than the one that counts; of two
    /// without a time, the one whose proof comes last decides, and each can come once.
    /// @param account The account to recover.
    /// @param newOwner The owner that it shall have.
    /// @param inputs The proof's public inputs; the commitment says which guardian.
    /// @param proof The proof.
    function vote(
        address account,
        bytes calldata newOwner,
        RecoveryPublicInputs calldata inputs,
        bytes calldata proof
    ) external;

    /// @notice `vote` for a signer, which changes its vote by a signature of a later time.
    /// @param account The account to recover.
    /// @param newOwner The owner that it shall have.
    /// @param signer The signer, as in ERC-7913.
    /// @param signedAt When it signed, in seconds.
    /// @param signature Its signature of `recoveryHash(account, newOwner, signedAt)`.
    function voteBySignature(
        address account,
        bytes calldata newOwner,
        bytes calldata signer,
        uint40 signedAt,
        bytes calldata signature
    ) external;

    /// @notice Counts several guardians' votes for one owner, all or none.
    /// @dev Mails that have counted are passed over, and what comes after the threshold too, so that
    /// whoever sends one of the votes first does not make the others fail.
    /// @param account The account to recover.
    /// @param newOwner The owner that it shall have.
    /// @param inputs The public inputs of each proof.
    /// @param proofs The proofs, in the same order.
    function voteBatch(
        address account,
        bytes calldata newOwner,
        RecoveryPublicInputs[] calldata inputs,
        bytes[] calldata proofs
    ) external;

    /// @notice Counts a guardian's vote to cancel the pending recovery. The one that reaches the
    /// other threshold ends it, and guardians can begin again in another round.
    /// @dev The Subject is `cancellationSubject(account)`. It takes nothing away from the guardian's
    /// vote for an owner: below the threshold it changes nothing.
    /// @param account The account.
    /// @param inputs The proof's public inputs; the commitment says which guardian.
    /// @param proof The proof.
    function voteToCancel(
        address account,
        RecoveryPublicInputs calldata inputs,
        bytes calldata proof
    ) external;

    /// @notice `voteToCancel` for a signer.
    /// @param account The account.
    /// @param signer The signer, as in ERC-7913.
    /// @param signedAt When it signed, in seconds.
    /// @param signature Its signature of `cancellationHash(account, signedAt)`.
    function voteToCancelBySignature(
        address account,
        bytes calldata signer,
        uint40 signedAt,
        bytes calldata signature
    ) external;

    /// @notice Replaces the owner, once, after the delay and before the expiry. A change of the
    /// configuration that waits is void: it was not the new owner who wanted it.
    /// @dev Votes under roots revoked since do not count.
    /// @param account The account to recover.
    function execute(address account) external;

    /// @notice Ends a pending recovery that can't be executed: it has expired, or revoked roots took
    /// away the votes that it needs, or a day after it was due the account does not take the owner.
    /// Guardians can begin again in another round.
    /// @dev The last is tried, with gas that is enough for any account; the caller needs more.
    /// @param account The account.
    function discard(address account) external;

    /// @notice The open round. Zeroes where none is open.
    /// @param account The account.
    /// @return nonce The number that votes must name.
    /// @return openedAt When it was opened: no dated mail counts that is older, but for the
    /// difference of clocks.
    /// @return closesAt First second in which votes are no longer taken; a recovery that is pending
    /// by then goes on.
    function roundOf(address account)
        external
        view
        returns (uint64 nonce, uint256 openedAt, uint256 closesAt);

    /// @notice The configuration's own number. Reverts where there is no configuration.
    /// @param account The account.
    /// @return nonce The number that acceptances must name.
    /// @return configuredAt When it was drawn: no dated acceptance counts that is older, but for the
    /// difference of clocks.
    function setupOf(address account) external view returns (uint64 nonce, uint256 configuredAt);

    /// @notice The Subject by which a guardian accepts: "Guard 0x… on … nonce …".
    /// @param account The account.
    /// @return The whole Subject value.
    function acceptanceSubject(address account) external view returns (string memory);

    /// @notice The Subject by which a guardian votes: "Recover 0x… on … nonce … to 0x…", with 40 digits
    /// for an owner of 20 bytes, or else the 64 of its keccak256. Reverts where no round is open.
    /// @param account The account.
    /// @param newOwner The owner that it shall have.
    /// @return The whole Subject value.
    function recoverySubject(address account, bytes calldata newOwner)
        external
        view
        returns (string memory);

    /// @notice The Subject by which a guardian votes to cancel: "Cancel 0x… on … nonce …". Reverts
    /// where no round is open.
    /// @param account The account.
    /// @return The whole Subject value.
    function cancellationSubject(address account) external view returns (string memory);

    /// @notice What a guardian's sealed Subject is sealed over to accept.
    /// @param account The account.
    /// @return The command, 31 bytes.
    function acceptanceCommand(address account) external view returns (uint256);

    /// @notice What a guardian's sealed Subject is sealed over to vote. Reverts where no round is open.
    /// @param account The account.
    /// @param newOwner The owner that it shall have.
    /// @return The command, 31 bytes.
    function recoveryCommand(address account, bytes calldata newOwner)
        external
        view
        returns (uint256);

    /// @notice What a guardian's sealed Subject is sealed over to vote to cancel. Reverts where no
    /// round is open.
    /// @param account The account.
    /// @return The command, 31 bytes.
    function cancellationCommand(address account) external view returns (uint256);

    /// @notice What a signer signs to accept, by EIP-712: `Guard(address account,uint64 nonce,uint40
    /// signedAt)` in the domain "zkdkim email recovery", version "1", chain and contract.
    /// @param account The account.
    /// @param signedAt When it signs, in seconds.
    /// @return The hash.
    function acceptanceHash(address account, uint40 signedAt) external view returns (bytes32);

    /// @notice What a signer signs to vote: `Recover(address account,uint64 nonce,bytes newOwner,uint40
    /// signedAt)`. Reverts where no round is open.
    /// @param account The account.
    /// @param newOwner The owner that it shall have.
    /// @param signedAt When it signs, in seconds.
    /// @return The hash.
    function recoveryHash(address account, bytes calldata newOwner, uint40 signedAt)
        external
        view
        returns (bytes32);

    /// @notice What a signer signs to vote to cancel: `Cancel(address account,uint64 nonce,uint40
    /// signedAt)`. Reverts where no round is open.
    /// @param account The account.
    /// @param signedAt When it signs, in seconds.
    /// @return The hash.
    function cancellationHash(address account, uint40 signedAt) external view returns (bytes32);

    /// @notice The configuration. Reverts where there is none.
    /// @param account The account.
    /// @return What the account decided; the acknowledgement only where it was needed.
    function configOf(address account) external view returns (RecoveryConfig memory);

    /// @notice The change that waits. Zeroes where none does, or it has lapsed.
    /// @param account The account.
    /// @return The change.
    function scheduledChangeOf(address account) external view returns (ScheduledChange memory);

    /// @notice What the integration keeps of the account beside its configuration.
    /// @param account The account.
    /// @return The settings, as the integration encodes them.
    function settingsOf(address account) external view returns (bytes memory);

    /// @notice What is known of a guardian. Zeroes where it is none.
    /// @param account The account.
    /// @param guardian The guardian.
    /// @return Where it stands.
    function guardianOf(address account, GuardianId guardian)
        external
        view
        returns (GuardianStatus memory);

    /// @notice The pending recovery. Zeroes where there is none.
    /// @param account The account.
    /// @return The recovery.
    function pendingRecoveryOf(address account) external view returns (PendingRecovery memory);

    /// @notice Weight of the votes for an owner that count now, and the threshold.
    /// @param account The account.
    /// @param newOwner The owner.
    /// @return weight The weight that counts.
    /// @return threshold The weight that is needed.
    function weightOf(address account, bytes calldata newOwner)
        external
        view
        returns (uint256 weight, uint256 threshold);

    /// @notice Weight of the votes to cancel that count now, and the threshold.
    /// @param account The account.
    /// @return weight The weight that counts.
    /// @return threshold The weight that is needed.
    function cancelWeightOf(address account)
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
