// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {
    RecoveryPublicInputs,
    SUBJECT_WORDS,
    SubjectWord
} from "../contracts/interfaces/PublicInputs.sol";
import {MockProofVerifier} from "./support/MockProofVerifier.sol";
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
        vm.assertEq(guardian(ALICE).votedOwner, asVoted(NEW_KEY));
    }

    function test_vote_isRecorded() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.Voted(address(ACCOUNT), nonce(), ALICE, asOwner(NEW_KEY), ROOT);
        submitVote(NEW_KEY, inputs);
        IEmailRecovery.GuardianStatus memory status = guardian(ALICE);
        vm.assertEq(status.votedOwner, asVoted(NEW_KEY));
        vm.assertEq(status.votedAt, START);
        vm.assertTrue(status.votedRoot == ROOT);
        (uint256 weight, uint256 threshold) = RECOVERY.weightOf(address(ACCOUNT), asOwner(NEW_KEY));
        vm.assertEq(weight, 1);
        vm.assertEq(threshold, 2);
        vm.assertEq(pendingKey(), address(0));
    }

    function test_vote_thatReachesTheThresholdStartsTheDelay() external {
        acceptAll();
        vote(ALICE, NEW_KEY);
        vm.warp(START + 1 hours);
        RecoveryPublicInputs memory inputs = ballot(BOB, NEW_KEY);
        uint40 from = uint40(START + 1 hours + DELAY);
        uint40 until = uint40(START + 1 hours + EXPIRY);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RecoveryStarted(
            address(ACCOUNT), nonce(), asOwner(NEW_KEY), from, until
        );
        submitVote(NEW_KEY, inputs);
        vm.assertEq(pendingKey(), NEW_KEY);
        vm.assertEq(pending().executableFrom, from);
        vm.assertEq(pending().expiresAt, until);
        vm.assertEq(ACCOUNT.owner(), owner);
    }

    function test_vote_revertsWhenNotConfigured() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        removeAndWait(ACCOUNT);
        refuseVote(NEW_KEY, inputs, accountError(IEmailRecovery.NotConfigured.selector));
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

    /// @dev Another mail of a guardian is another vote in place of the first, never a second one.
    function test_vote_isReplacedByALaterMail() external {
        acceptAll();
        vote(ALICE, OTHER_KEY);
        vote(BOB, NEW_KEY);
        vm.warp(START + 1);
        vote(ALICE, NEW_KEY);
        vm.assertEq(guardian(ALICE).votedOwner, asVoted(NEW_KEY));
        vm.assertEq(guardian(ALICE).votedAt, START + 1);
        (uint256 weight,) = RECOVERY.weightOf(address(ACCOUNT), asOwner(OTHER_KEY));
        vm.assertEq(weight, 0);
        vm.assertEq(pendingKey(), NEW_KEY);
    }

    /// @dev S22: however often a guardian votes for a key, it is one vote.
    function test_vote_repeatedCountsOnce() external {
        acceptAll();
        for (uint256 i = 0; i < 3; ++i) {
            vm.warp(START + i);
            vote(ALICE, NEW_KEY);
        }
        (uint256 weight,) = RECOVERY.weightOf(address(ACCOUNT), asOwner(NEW_KEY));
        vm.assertEq(weight, 1);
        vm.assertEq(pendingKey(), address(0));
    }

    /// @dev Whoever holds back a guardian's first mail can't undo the second with it.
    function test_vote_revertsWhenTheMailIsNotNewer() external {
        acceptAll();
        RecoveryPublicInputs memory before = ballot(ALICE, OTHER_KEY);
        vm.warp(START + 60);
        RecoveryPublicInputs memory same = ballot(ALICE, OTHER_KEY);
        vote(ALICE, NEW_KEY);
        bytes4 notNewer = IEmailRecovery.MailNotNewer.selector;
        refuseVote(OTHER_KEY, before, abi.encodeWithSelector(notNewer, START, START + 60));
        refuseVote(OTHER_KEY, same, abi.encodeWithSelector(notNewer, START + 60, START + 60));
        vm.assertEq(guardian(ALICE).votedOwner, asVoted(NEW_KEY));
        // In the next round there is nothing to be newer than.
        cancel(ACCOUNT);
        RecoveryPublicInputs memory next = ballot(ALICE, OTHER_KEY);
        next.notBefore = START + 59;
        submitVote(OTHER_KEY, next);
    }

    /// @dev Mails without a time have no order, so the last to come decides, and each comes once.
    function test_vote_withoutATimeIsReplacedByTheNextToCome() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.undatedMail = IEmailRecovery.UndatedMail.Accept;
        configure(ACCOUNT, config);
        acceptAll();
        RecoveryPublicInputs memory first = ballot(ALICE, OTHER_KEY);
        first.notBefore = 0;
        RecoveryPublicInputs memory second = ballot(ALICE, NEW_KEY);
        second.notBefore = 0;
        submitVote(OTHER_KEY, first);
        submitVote(NEW_KEY, second);
        vm.assertEq(guardian(ALICE).votedOwner, asVoted(NEW_KEY));
        refuseVote(
            OTHER_KEY, first, accountError(IEmailRecovery.MailAlreadyUsed.selector, first.nullifier)
        );
        vote(ALICE, OTHER_KEY);
        RecoveryPublicInputs memory third = ballot(ALICE, NEW_KEY);
        third.notBefore = 0;
        refuseVote(
            NEW_KEY, third, abi.encodeWithSelector(IEmailRecovery.MailNotNewer.selector, 0, START)
        );
    }

    function test_voteBatch_countsAllOrNone() external {
        acceptAll();
        RecoveryPublicInputs[] memory inputs = new RecoveryPublicInputs[](2);
        bytes[] memory proofs = new bytes[](2);
        (inputs[0], inputs[1]) = (ballot(ALICE, NEW_KEY), ballot(MALLORY, NEW_KEY));
        bytes memory reason = accountError(IEmailRecovery.NotGuardian.selector, MALLORY);
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.BatchedVoteRefused.selector, 1, reason)
        );
        RECOVERY.voteBatch(address(ACCOUNT), asOwner(NEW_KEY), inputs, proofs);
        vm.assertEq(guardian(ALICE).votedOwner, asVoted(address(0)));

        inputs[1] = ballot(BOB, NEW_KEY);
        RECOVERY.voteBatch(address(ACCOUNT), asOwner(NEW_KEY), inputs, proofs);
        vm.assertEq(pendingKey(), NEW_KEY);
        vm.assertTrue(RECOVERY.isNullifierUsed(address(ACCOUNT), inputs[1].nullifier));
    }

    /// @dev Whoever takes votes out of a bundle on its way and sends them first changes nothing.
    function test_voteBatch_passesOverWhatHasCounted() external {
        acceptAll();
        RecoveryPublicInputs[] memory inputs = new RecoveryPublicInputs[](3);
        bytes[] memory proofs = new bytes[](3);
        (inputs[0], inputs[1], inputs[2]) =
        (ballot(ALICE, NEW_KEY), ballot(BOB, NEW_KEY), ballot(CAROL, NEW_KEY));
        submitVote(NEW_KEY, inputs[0]);
        uint256 one = vm.snapshotState();
        RECOVERY.voteBatch(address(ACCOUNT), asOwner(NEW_KEY), inputs, proofs);
        vm.assertEq(pendingKey(), NEW_KEY);
        vm.assertEq(guardian(CAROL).votedOwner, asVoted(address(0)));

        vm.revertToState(one);
        submitVote(NEW_KEY, inputs[1]);
        RECOVERY.voteBatch(address(ACCOUNT), asOwner(NEW_KEY), inputs, proofs);
        vm.assertEq(guardian(CAROL).votedOwner, asVoted(address(0)));
    }

    /// @dev What the batch was verified for counts without a second verification, and nothing else does:
    /// all of this is one transaction.
    function test_voteBatch_verifiesOnceForAll() external {
        acceptAll();
        (RecoveryPublicInputs[] memory inputs, bytes[] memory proofs) = _bundle();
        mock.setAnswer(false);
        mock.setBatch(MockProofVerifier.Batch.True);
        RECOVERY.voteBatch(address(ACCOUNT), asOwner(NEW_KEY), inputs, proofs);
        vm.assertEq(pendingKey(), NEW_KEY);
        cancel(ACCOUNT);
        openRound();
        RecoveryPublicInputs memory other = ballot(ALICE, NEW_KEY);
        refuseVote(NEW_KEY, other, abi.encodeWithSelector(IEmailRecovery.InvalidProof.selector));
    }

    /// @dev Where the batch is not accepted, each proof is asked about, and the first that is wrong is
    /// named.
    function test_voteBatch_namesTheFirstWrongProof() external {
        acceptAll();
        (RecoveryPublicInputs[] memory inputs, bytes[] memory proofs) = _bundle();
        bytes memory reason = abi.encodeWithSelector(IEmailRecovery.InvalidProof.selector);
        MockProofVerifier.Batch[2] memory refusals =
            [MockProofVerifier.Batch.False, MockProofVerifier.Batch.Reverts];
        for (uint256 i = 0; i < refusals.length; ++i) {
            mock.setBatch(refusals[i]);
            mock.setAnswer(false);
            vm.expectRevert(
                abi.encodeWithSelector(IEmailRecovery.BatchedVoteRefused.selector, 0, reason)
            );
            RECOVERY.voteBatch(address(ACCOUNT), asOwner(NEW_KEY), inputs, proofs);
            mock.setAnswer(true);
            uint256 before = vm.snapshotState();
            RECOVERY.voteBatch(address(ACCOUNT), asOwner(NEW_KEY), inputs, proofs);
            vm.assertEq(pendingKey(), NEW_KEY);
            vm.revertToState(before);
        }
    }

    /// @dev One vote needs no batch.
    function test_voteBatch_ofOneIsAVote() external {
        acceptAll();
        RecoveryPublicInputs[] memory inputs = new RecoveryPublicInputs[](1);
        inputs[0] = ballot(ALICE, NEW_KEY);
        mock.setBatch(MockProofVerifier.Batch.Reverts);
        RECOVERY.voteBatch(address(ACCOUNT), asOwner(NEW_KEY), inputs, new bytes[](1));
        vm.assertEq(guardian(ALICE).votedOwner, asVoted(NEW_KEY));
    }

    function _bundle()
        private
        returns (RecoveryPublicInputs[] memory inputs, bytes[] memory proofs)
    {
        inputs = new RecoveryPublicInputs[](2);
        proofs = new bytes[](2);
        (inputs[0], inputs[1]) = (ballot(ALICE, NEW_KEY), ballot(BOB, NEW_KEY));
    }

    function test_voteBatch_revertsWhenProofsAreMissing() external {
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.BatchLength.selector, 2, 1));
        RECOVERY.voteBatch(
            address(ACCOUNT), asOwner(NEW_KEY), new RecoveryPublicInputs[](2), new bytes[](1)
        );
    }

    function test_voteBatch_revertsWhenNotConfigured() external {
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, relayer));
        RECOVERY.voteBatch(relayer, asOwner(NEW_KEY), new RecoveryPublicInputs[](0), new bytes[](0));
    }

    /// @dev A vote counts while its recovery waits as it did before, and no other does.
    function test_weightOf_whileARecoveryIsPending() external {
        acceptAll();
        vote(CAROL, OTHER_KEY);
        vote(ALICE, NEW_KEY);
        RecoveryPublicInputs memory inputs = ballot(BOB, NEW_KEY);
        inputs.registryRoot = NEXT_ROOT;
        submitVote(NEW_KEY, inputs);
        uint256[3] memory times = [START, START + VOTING_PERIOD, START + EXPIRY];
        for (uint256 i = 0; i < 3; ++i) {
            vm.warp(times[i]);
            (uint256 weight, uint256 threshold) =
                RECOVERY.weightOf(address(ACCOUNT), asOwner(NEW_KEY));
            vm.assertEq(weight, 2);
            vm.assertEq(threshold, 2);
            (weight,) = RECOVERY.weightOf(address(ACCOUNT), asOwner(OTHER_KEY));
            vm.assertEq(weight, 1);
        }
        revokeRoot(ROOT);
        (uint256 left,) = RECOVERY.weightOf(address(ACCOUNT), asOwner(NEW_KEY));
        vm.assertEq(left, 1);
    }

    /// @dev S22: late votes change nothing, neither for the same key nor for another.
    function test_vote_revertsWhenARecoveryIsPending() external {
        startRecovery(NEW_KEY);
        IEmailRecovery.PendingRecovery memory before = pending();
        bytes memory refused = abi.encodeWithSelector(
            IEmailRecovery.RecoveryPending.selector, address(ACCOUNT), nonce()
        );
        uint256[4] memory times =
            [START + 1, before.executableFrom, START + VOTING_PERIOD, before.expiresAt];
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
        vm.assertEq(pendingKey(), address(0));
        vote(BOB, NEW_KEY);
        vm.assertEq(pendingKey(), NEW_KEY);
    }

    function test_vote_votesForDifferentKeysDoNotAddUp() external {
        acceptAll();
        vote(ALICE, NEW_KEY);
        vote(BOB, OTHER_KEY);
        vm.assertEq(pendingKey(), address(0));
    }

    function test_vote_revertsWhenTheKeyIsUseless() external {
        acceptAll();
        address[3] memory keys = [address(0), address(ACCOUNT), owner];
        for (uint256 i = 0; i < 3; ++i) {
            refuseVote(
                keys[i],
                ballot(ALICE, keys[i]),
                abi.encodeWithSelector(
                    IEmailRecovery.InvalidNewOwner.selector, address(ACCOUNT), asOwner(keys[i])
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
        refuseVote(NEW_KEY, past, accountError(IEmailRecovery.RoundNotOpen.selector));
        openRound();
        refuseVote(NEW_KEY, past, notThisBallot(NEW_KEY, past));
    }

    /// @dev One side of a fork gets no mail of the other.
    function test_vote_revertsWhenTheChainForks() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        vm.chainId(CHAIN + 1);
        refuseVote(NEW_KEY, inputs, notThisBallot(NEW_KEY, inputs));
    }

    /// @dev Votes live as long as their round, whenever they came.
    function test_vote_countsAsLongAsTheRound() external {
        acceptAll();
        vote(ALICE, NEW_KEY);
        vm.warp(START + VOTING_PERIOD - 1);
        (uint256 weight,) = RECOVERY.weightOf(address(ACCOUNT), asOwner(NEW_KEY));
        vm.assertEq(weight, 1);
        uint256 open = vm.snapshotState();
        vote(BOB, NEW_KEY);
        vm.assertEq(pendingKey(), NEW_KEY);

        vm.revertToState(open);
        RecoveryPublicInputs memory late = ballot(BOB, NEW_KEY);
        vm.warp(START + VOTING_PERIOD);
        refuseVote(NEW_KEY, late, accountError(IEmailRecovery.RoundNotOpen.selector));
        vm.assertEq(guardian(ALICE).votedOwner, asVoted(address(0)));
        vm.assertEq(guardian(ALICE).votedAt, 0);
        (weight,) = RECOVERY.weightOf(address(ACCOUNT), asOwner(NEW_KEY));
        vm.assertEq(weight, 0);

        // Nor in the next round.
        vote(BOB, NEW_KEY);
        (weight,) = RECOVERY.weightOf(address(ACCOUNT), asOwner(NEW_KEY));
        vm.assertEq(weight, 1);
        vote(ALICE, NEW_KEY);
        vm.assertEq(pendingKey(), NEW_KEY);
    }

    /// @dev Nobody but the guardian brings a vote back that was replaced: the mail has been counted.
    function test_vote_revertsWhenAMailIsCountedAgain() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.undatedMail = IEmailRecovery.UndatedMail.Accept;
        configure(ACCOUNT, config);
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.notBefore = 0;
        submitVote(NEW_KEY, inputs);
        RecoveryPublicInputs memory other = ballot(ALICE, OTHER_KEY);
        other.notBefore = 0;
        submitVote(OTHER_KEY, other);
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
        vm.assertEq(guardian(ALICE).votedOwner, asVoted(NEW_KEY));
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

    /// @dev Weights add up as written, for any weights and threshold.
    function testFuzz_vote_startsExactlyAtTheThreshold(uint16[8] calldata weights, uint32 threshold)
        external
    {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.guardians = new IEmailRecovery.GuardianWeight[](8);
        uint256 total;
        for (uint256 i = 0; i < 8; ++i) {
            uint16 weight = weights[i] == 0 ? 1 : weights[i];
            config.guardians[i] = IEmailRecovery.GuardianWeight(asGuardian(i + 1), weight);
            total += weight;
        }
        config.threshold = uint32(bound(threshold, 1, total));
        configure(ACCOUNT, config);
        uint256 sum;
        for (uint256 i = 0; sum < config.threshold; ++i) {
            vm.assertEq(pendingKey(), address(0));
            accept(asGuardian(i + 1));
            vote(asGuardian(i + 1), NEW_KEY);
            sum += config.guardians[i].weight;
        }
        vm.assertEq(pendingKey(), NEW_KEY);
        (uint256 weight_,) = RECOVERY.weightOf(address(ACCOUNT), asOwner(NEW_KEY));
        vm.assertEq(weight_, sum);
    }
}
