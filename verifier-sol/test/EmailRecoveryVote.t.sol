// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {
    RecoveryPublicInputs,
    RegistryRoot,
    SUBJECT_WORDS,
    SubjectWord
} from "../contracts/interfaces/PublicInputs.sol";
import {MockedRecoveryTest} from "./support/MockedRecoveryTest.sol";

/// @notice Acceptance and votes: who counts, when, and for what.
contract EmailRecoveryVoteTest is MockedRecoveryTest {
    function test_acceptGuardian_marksTheGuardian() external {
        RecoveryPublicInputs memory inputs = acceptance(ALICE);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.GuardianAccepted(address(ACCOUNT), ALICE);
        submitAcceptance(inputs);
        vm.assertTrue(guardian(ALICE).accepted);
        vm.assertFalse(guardian(BOB).accepted);
        vm.assertTrue(RECOVERY.isNullifierUsed(address(ACCOUNT), inputs.nullifier));
    }

    function test_acceptGuardian_revertsWhenNotConfigured() external {
        RecoveryPublicInputs memory inputs = acceptance(ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, address(OTHER_ACCOUNT))
        );
        RECOVERY.acceptGuardian(address(OTHER_ACCOUNT), inputs, "");
    }

    function test_acceptGuardian_revertsWhenNotGuardian() external {
        refuseAcceptance(
            acceptance(MALLORY), accountError(IEmailRecovery.NotGuardian.selector, MALLORY)
        );
    }

    function test_acceptGuardian_revertsWhenAcceptedAlready() external {
        accept(ALICE);
        refuseAcceptance(
            acceptance(ALICE), accountError(IEmailRecovery.AlreadyAccepted.selector, ALICE)
        );
    }

    /// @dev A vote is no acceptance and an acceptance is no vote: the commands differ.
    function test_acceptGuardian_revertsWhenTheMailIsAVote() external {
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        refuseAcceptance(inputs, notThisAcceptance(inputs));
        acceptAll();
        inputs = acceptance(ALICE);
        refuseVote(NEW_KEY, inputs, notThisBallot(NEW_KEY, inputs));
    }

    function test_acceptGuardian_revertsWhenTheProofIsFalse() external {
        mock.setAnswer(false);
        refuseAcceptance(
            acceptance(ALICE), abi.encodeWithSelector(IEmailRecovery.InvalidProof.selector)
        );
        vm.assertFalse(guardian(ALICE).accepted);
    }

    /// @dev An acceptance gives no power that a vote need not show again, so it stays.
    function test_acceptGuardian_outlastsTheRevocationOfItsRoot() external {
        acceptAll();
        revokeRoot(ROOT);
        vm.assertTrue(guardian(ALICE).accepted);
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.registryRoot = NEXT_ROOT;
        submitVote(NEW_KEY, inputs);
        vm.assertEq(guardian(ALICE).votedKey, NEW_KEY);
    }

    function test_vote_isRecorded() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.Voted(address(ACCOUNT), nonce(), ALICE, NEW_KEY, ROOT);
        submitVote(NEW_KEY, inputs);
        IEmailRecovery.GuardianStatus memory status = guardian(ALICE);
        vm.assertEq(status.votedKey, NEW_KEY);
        vm.assertEq(status.votedAt, START);
        vm.assertTrue(status.votedRoot == ROOT);
        (uint256 weight, uint256 threshold) = RECOVERY.weightOf(address(ACCOUNT), NEW_KEY);
        vm.assertEq(weight, 1);
        vm.assertEq(threshold, 2);
        vm.assertEq(pending().newKey, address(0));
    }

    function test_vote_thatReachesTheThresholdStartsTheDelay() external {
        acceptAll();
        vote(ALICE, NEW_KEY);
        vm.warp(START + 1 hours);
        RecoveryPublicInputs memory inputs = ballot(BOB, NEW_KEY);
        uint40 from = uint40(START + 1 hours + DELAY);
        uint40 until = uint40(START + 1 hours + EXPIRY);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RecoveryStarted(address(ACCOUNT), nonce(), NEW_KEY, from, until);
        submitVote(NEW_KEY, inputs);
        vm.assertEq(pending().newKey, NEW_KEY);
        vm.assertEq(pending().executableFrom, from);
        vm.assertEq(pending().expiresAt, until);
        vm.assertEq(ACCOUNT.owner(), owner);
    }

    function test_vote_revertsWhenNotConfigured() external {
        acceptAll();
        remove(ACCOUNT);
        refuseVote(
            NEW_KEY, ballot(ALICE, NEW_KEY), accountError(IEmailRecovery.NotConfigured.selector)
        );
    }

    function test_vote_revertsWhenNotGuardian() external {
        refuseVote(
            NEW_KEY,
            ballot(MALLORY, NEW_KEY),
            accountError(IEmailRecovery.NotGuardian.selector, MALLORY)
        );
    }

    function test_vote_revertsWhenNotAccepted() external {
        refuseVote(
            NEW_KEY,
            ballot(ALICE, NEW_KEY),
            accountError(IEmailRecovery.NotAccepted.selector, ALICE)
        );
    }

    /// @dev S22: one vote per guardian and nonce, whatever the key and whichever the mail.
    function test_vote_revertsWhenTheGuardianHasVoted() external {
        acceptAll();
        vote(ALICE, NEW_KEY);
        address[2] memory keys = [NEW_KEY, OTHER_KEY];
        for (uint256 i = 0; i < 2; ++i) {
            refuseVote(
                keys[i],
                ballot(ALICE, keys[i]),
                abi.encodeWithSelector(
                    IEmailRecovery.AlreadyVoted.selector, address(ACCOUNT), nonce(), ALICE
                )
            );
        }
        vm.assertEq(pending().newKey, address(0));
    }

    /// @dev S22: late votes change nothing, neither for the same key nor for another.
    function test_vote_revertsWhenARecoveryIsPending() external {
        startRecovery(NEW_KEY);
        IEmailRecovery.PendingRecovery memory before = pending();
        bytes memory refused = abi.encodeWithSelector(
            IEmailRecovery.RecoveryPending.selector, address(ACCOUNT), nonce()
        );
        uint256[3] memory times = [START + 1, before.executableFrom, before.expiresAt];
        for (uint256 i = 0; i < times.length; ++i) {
            vm.warp(times[i]);
            refuseVote(NEW_KEY, ballot(CAROL, NEW_KEY), refused);
            refuseVote(OTHER_KEY, ballot(CAROL, OTHER_KEY), refused);
        }
        vm.assertEq(abi.encode(pending()), abi.encode(before));
    }

    /// @dev A guardian who votes for a key of its own stops nobody.
    function test_vote_forAnotherKeyDoesNotStopTheOthers() external {
        acceptAll();
        vote(CAROL, OTHER_KEY);
        vote(ALICE, NEW_KEY);
        vm.assertEq(pending().newKey, address(0));
        vote(BOB, NEW_KEY);
        vm.assertEq(pending().newKey, NEW_KEY);
    }

    function test_vote_votesForDifferentKeysDoNotAddUp() external {
        acceptAll();
        vote(ALICE, NEW_KEY);
        vote(BOB, OTHER_KEY);
        vm.assertEq(pending().newKey, address(0));
    }

    function test_vote_revertsWhenTheKeyIsUseless() external {
        acceptAll();
        address[3] memory keys = [address(0), address(ACCOUNT), owner];
        for (uint256 i = 0; i < 3; ++i) {
            refuseVote(
                keys[i],
                ballot(ALICE, keys[i]),
                abi.encodeWithSelector(
                    IEmailRecovery.InvalidNewKey.selector, address(ACCOUNT), keys[i]
                )
            );
        }
    }

    /// @dev Whoever relays can't turn a vote into one for another key.
    function test_vote_revertsWhenTheKeyIsNotTheMails() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        refuseVote(OTHER_KEY, inputs, notThisBallot(OTHER_KEY, inputs));
    }

    /// @dev S18: each word counts, and every bit of it.
    function testFuzz_vote_revertsWhenTheSubjectDiffersAnywhere(uint256 word, uint256 flip)
        external
    {
        vm.assume(flip != 0);
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        word %= SUBJECT_WORDS;
        inputs.subject[word] = SubjectWord.wrap(SubjectWord.unwrap(inputs.subject[word]) ^ flip);
        refuseVote(NEW_KEY, inputs, notThisBallot(NEW_KEY, inputs));
    }

    function test_vote_revertsWhenTheNonceIsAnother() external {
        acceptAll();
        RecoveryPublicInputs memory past = ballot(ALICE, NEW_KEY);
        cancel(ACCOUNT);
        refuseVote(NEW_KEY, past, notThisBallot(NEW_KEY, past));
    }

    /// @dev One side of a fork gets no mail of the other.
    function test_vote_revertsWhenTheChainForks() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        vm.chainId(CHAIN + 1);
        refuseVote(NEW_KEY, inputs, notThisBallot(NEW_KEY, inputs));
    }

    function test_vote_revertsWhenTheRootIsUnknown() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.registryRoot = asRoot(77);
        refuseVote(
            NEW_KEY, inputs, abi.encodeWithSelector(IEmailRecovery.RootNotAccepted.selector, 77)
        );
    }

    /// @dev A stale root: eight newer ones came.
    function test_vote_revertsWhenTheRootMadePlace() external {
        acceptAll();
        RegistryRoot[] memory roots = new RegistryRoot[](8);
        for (uint256 i = 0; i < 8; ++i) {
            roots[i] = asRoot(100 + i);
        }
        acceptRoots(roots);
        refuseVote(
            NEW_KEY,
            ballot(ALICE, NEW_KEY),
            abi.encodeWithSelector(IEmailRecovery.RootNotAccepted.selector, ROOT)
        );
    }

    /// @dev A revoked key in flight: the proof was made before, arrives after.
    function test_vote_revertsWhenTheRootIsRevokedInFlight() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        revokeRoot(ROOT);
        refuseVote(
            NEW_KEY, inputs, abi.encodeWithSelector(IEmailRecovery.RootNotAccepted.selector, ROOT)
        );
    }

    /// @dev And the other order: it arrived before, so it counts no longer.
    function test_vote_underARootRevokedLaterDoesNotCount() external {
        acceptAll();
        vote(ALICE, NEW_KEY);
        revokeRoot(ROOT);
        (uint256 weight,) = RECOVERY.weightOf(address(ACCOUNT), NEW_KEY);
        vm.assertEq(weight, 0);
        RecoveryPublicInputs memory inputs = ballot(BOB, NEW_KEY);
        inputs.registryRoot = NEXT_ROOT;
        submitVote(NEW_KEY, inputs);
        vm.assertEq(pending().newKey, address(0));

        // Alice votes again, by another mail, and both count.
        inputs = ballot(ALICE, NEW_KEY);
        inputs.registryRoot = NEXT_ROOT;
        submitVote(NEW_KEY, inputs);
        vm.assertEq(pending().newKey, NEW_KEY);
    }

    function test_vote_countsForTheTimeOfTheExpiry() external {
        acceptAll();
        vote(ALICE, NEW_KEY);
        vm.warp(START + EXPIRY - 1);
        (uint256 weight,) = RECOVERY.weightOf(address(ACCOUNT), NEW_KEY);
        vm.assertEq(weight, 1);
        vm.warp(START + EXPIRY);
        (weight,) = RECOVERY.weightOf(address(ACCOUNT), NEW_KEY);
        vm.assertEq(weight, 0);
        vote(BOB, NEW_KEY);
        vm.assertEq(pending().newKey, address(0));
        vote(ALICE, NEW_KEY);
        vm.assertEq(pending().newKey, NEW_KEY);
    }

    /// @dev Nobody but the guardian brings a lapsed vote back: the mail has been counted.
    function test_vote_revertsWhenAMailIsCountedAgain() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.undatedMail = IEmailRecovery.UndatedMail.Accept;
        configure(ACCOUNT, config);
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.timestamp = 0;
        submitVote(NEW_KEY, inputs);
        vm.warp(START + EXPIRY);
        refuseVote(
            NEW_KEY, inputs, accountError(IEmailRecovery.MailAlreadyUsed.selector, inputs.nullifier)
        );
    }

    /// @dev A nullifier that two guardians give can't be of two mails; nor does one count twice.
    function test_vote_revertsWhenAnotherGuardianUsesTheNullifier() external {
        acceptAll();
        RecoveryPublicInputs memory alices = ballot(ALICE, NEW_KEY);
        submitVote(NEW_KEY, alices);
        RecoveryPublicInputs memory bobs = ballot(BOB, NEW_KEY);
        bobs.nullifier = alices.nullifier;
        refuseVote(
            NEW_KEY, bobs, accountError(IEmailRecovery.MailAlreadyUsed.selector, bobs.nullifier)
        );
    }

    /// @dev Else an account with a verifier of its own could burn the mails of all others.
    function test_vote_nullifiersOfOneAccountAreNotAnothers() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        configure(OTHER_ACCOUNT, defaultConfig());
        RecoveryPublicInputs memory burnt =
            mail(ALICE, RECOVERY.acceptanceSubject(address(OTHER_ACCOUNT)));
        burnt.nullifier = inputs.nullifier;
        RECOVERY.acceptGuardian(address(OTHER_ACCOUNT), burnt, "");
        submitVote(NEW_KEY, inputs);
        vm.assertEq(guardian(ALICE).votedKey, NEW_KEY);
    }

    /// @dev A refused mail is not used up.
    function test_vote_revertsWithoutUsingTheMail() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        mock.setAnswer(false);
        refuseVote(NEW_KEY, inputs, abi.encodeWithSelector(IEmailRecovery.InvalidProof.selector));
        vm.assertFalse(RECOVERY.isNullifierUsed(address(ACCOUNT), inputs.nullifier));
        mock.setAnswer(true);
        submitVote(NEW_KEY, inputs);
    }

    function test_vote_revertsWhenTheMailIsTooOld() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        vm.warp(START + MAIL_AGE + 1);
        refuseVote(
            NEW_KEY,
            inputs,
            abi.encodeWithSelector(IEmailRecovery.MailTooOld.selector, START, START + 1)
        );
        vm.warp(START + MAIL_AGE);
        submitVote(NEW_KEY, inputs);
    }

    function test_vote_revertsWhenTheMailIsFromTheFuture() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.timestamp = START + 15 minutes + 1;
        refuseVote(
            NEW_KEY,
            inputs,
            abi.encodeWithSelector(
                IEmailRecovery.MailFromTheFuture.selector, inputs.timestamp, START + 15 minutes
            )
        );
        inputs.timestamp = START + 15 minutes;
        submitVote(NEW_KEY, inputs);
    }

    /// @dev Times that no mail has: nothing wraps.
    function test_vote_revertsWhenTheTimestampIsHuge() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.timestamp = type(uint256).max;
        refuseVote(
            NEW_KEY,
            inputs,
            abi.encodeWithSelector(
                IEmailRecovery.MailFromTheFuture.selector, type(uint256).max, START + 15 minutes
            )
        );
    }

    /// @dev On a chain younger than the age that is allowed, every past is recent.
    function test_vote_ageDoesNotReachBeforeTheEpoch() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.timestamp = 1;
        vm.warp(MAIL_AGE);
        submitVote(NEW_KEY, inputs);
    }

    function test_vote_revertsWhenUndatedMailIsRefused() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.timestamp = 0;
        refuseVote(
            NEW_KEY, inputs, abi.encodeWithSelector(IEmailRecovery.UndatedMailRefused.selector)
        );
    }

    function test_vote_takesUndatedMailWhereTheAccountSaysSo() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.undatedMail = IEmailRecovery.UndatedMail.Accept;
        configure(ACCOUNT, config);
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.timestamp = 0;
        submitVote(NEW_KEY, inputs);
        vm.assertEq(guardian(ALICE).votedKey, NEW_KEY);
    }

    /// @dev The pin keeps out what the registry adds, and keeps in what made place.
    function test_pin_decidesInPlaceOfTheRegistry() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.pinnedRoot = asRoot(77);
        configure(ACCOUNT, config);
        refuseAcceptance(
            acceptance(ALICE), abi.encodeWithSelector(IEmailRecovery.RootNotAccepted.selector, ROOT)
        );
        RecoveryPublicInputs memory inputs = acceptance(ALICE);
        inputs.registryRoot = asRoot(77);
        submitAcceptance(inputs);
        vm.assertTrue(guardian(ALICE).accepted);
    }

    function test_pin_revertsWhenThePinnedRootIsRevoked() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.pinnedRoot = ROOT;
        configure(ACCOUNT, config);
        revokeRoot(ROOT);
        refuseAcceptance(
            acceptance(ALICE), abi.encodeWithSelector(IEmailRecovery.RootNotAccepted.selector, ROOT)
        );
    }

    /// @dev Votes are in time exactly within the bounds.
    function testFuzz_vote_timestampIsBounded(uint256 timestamp) external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.timestamp = bound(timestamp, START - 2 * MAIL_AGE, START + MAIL_AGE);
        if (inputs.timestamp < START - MAIL_AGE) {
            bytes4 tooOld = IEmailRecovery.MailTooOld.selector;
            vm.expectRevert(abi.encodeWithSelector(tooOld, inputs.timestamp, START - MAIL_AGE));
        } else if (inputs.timestamp > START + 15 minutes) {
            bytes4 fromTheFuture = IEmailRecovery.MailFromTheFuture.selector;
            vm.expectRevert(
                abi.encodeWithSelector(fromTheFuture, inputs.timestamp, START + 15 minutes)
            );
        }
        submitVote(NEW_KEY, inputs);
    }

    /// @dev Weights add up as written, for any weights and threshold.
    function testFuzz_vote_startsExactlyAtTheThreshold(uint16[8] calldata weights, uint32 threshold)
        external
    {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.guardians = new IEmailRecovery.GuardianWeight[](8);
        uint256 total;
        for (uint256 i = 0; i < 8; ++i) {
            uint16 weight = weights[i] == 0 ? 1 : weights[i];
            config.guardians[i] = IEmailRecovery.GuardianWeight(asCommitment(i + 1), weight);
            total += weight;
        }
        config.threshold = uint32(bound(threshold, 1, total));
        configure(ACCOUNT, config);
        uint256 sum;
        for (uint256 i = 0; sum < config.threshold; ++i) {
            vm.assertEq(pending().newKey, address(0));
            accept(asCommitment(i + 1));
            vote(asCommitment(i + 1), NEW_KEY);
            sum += config.guardians[i].weight;
        }
        vm.assertEq(pending().newKey, NEW_KEY);
        (uint256 weight_,) = RECOVERY.weightOf(address(ACCOUNT), NEW_KEY);
        vm.assertEq(weight_, sum);
    }
}
