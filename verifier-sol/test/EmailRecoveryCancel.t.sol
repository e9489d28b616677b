// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {RecoveryPublicInputs} from "../contracts/interfaces/PublicInputs.sol";
import {MockedRecoveryTest} from "./support/MockedRecoveryTest.sol";

/// @notice Guardians who stop a recovery, such as one to a key that was mistyped.
contract EmailRecoveryCancelTest is MockedRecoveryTest {
    function test_voteToCancel_belowTheThresholdChangesNothing() external {
        startRecovery(OTHER_KEY);
        IEmailRecovery.PendingRecovery memory before = pending();
        RecoveryPublicInputs memory inputs = cancellation(ALICE);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.VotedToCancel(address(ACCOUNT), nonce(), ALICE, ROOT);
        submitCancellation(inputs);
        vm.assertEq(abi.encode(pending()), abi.encode(before));
        vm.assertTrue(guardian(ALICE).votedToCancel);
        vm.assertFalse(guardian(BOB).votedToCancel);
        vm.assertEq(guardian(ALICE).votedOwner, asVoted(OTHER_KEY));
        (uint256 weight, uint256 threshold) = RECOVERY.cancelWeightOf(address(ACCOUNT));
        vm.assertEq(weight, 1);
        vm.assertEq(threshold, 2);
        vm.assertTrue(RECOVERY.isNullifierUsed(address(ACCOUNT), inputs.nullifier));
        vm.warp(before.executableFrom);
        RECOVERY.execute(address(ACCOUNT));
        vm.assertEq(ACCOUNT.owner(), OTHER_KEY);
    }

    /// @dev Those who voted may be among them, and everything begins again.
    function test_voteToCancel_atTheThresholdEndsTheRecovery() external {
        startRecovery(OTHER_KEY);
        uint64 before = nonce();
        voteToCancel(ALICE);
        RecoveryPublicInputs memory inputs = cancellation(CAROL);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RecoveryCancelledByGuardians(address(ACCOUNT), before);
        submitCancellation(inputs);
        vm.assertEq(pendingKey(), address(0));
        vm.assertEq(nonce(), 0);
        vm.assertFalse(guardian(ALICE).votedToCancel);
        (uint256 weight,) = RECOVERY.cancelWeightOf(address(ACCOUNT));
        vm.assertEq(weight, 0);
        vm.expectRevert(accountError(IEmailRecovery.NoRecoveryPending.selector));
        RECOVERY.execute(address(ACCOUNT));

        vote(ALICE, NEW_KEY);
        vote(BOB, NEW_KEY);
        vm.assertEq(pendingKey(), NEW_KEY);
        vm.assertFalse(guardian(ALICE).votedToCancel);
    }

    function test_voteToCancel_repeatedCountsOnce() external {
        startRecovery(OTHER_KEY);
        voteToCancel(ALICE);
        voteToCancel(ALICE);
        (uint256 weight,) = RECOVERY.cancelWeightOf(address(ACCOUNT));
        vm.assertEq(weight, 1);
        vm.assertEq(pendingKey(), OTHER_KEY);
    }

    function test_voteToCancel_countsWeights() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.guardians[2].weight = 5;
        config.cancelThreshold = 6;
        configure(ACCOUNT, config);
        startRecovery(OTHER_KEY);
        voteToCancel(CAROL);
        vm.assertEq(pendingKey(), OTHER_KEY);
        voteToCancel(ALICE);
        vm.assertEq(pendingKey(), address(0));
    }

    /// @dev The key of a provider was stolen: what was voted with it stops nobody.
    function test_voteToCancel_underARootRevokedLaterDoesNotCount() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        inputs.registryRoot = NEXT_ROOT;
        submitVote(NEW_KEY, inputs);
        inputs = ballot(BOB, NEW_KEY);
        inputs.registryRoot = NEXT_ROOT;
        submitVote(NEW_KEY, inputs);
        voteToCancel(ALICE);
        revokeRoot(ROOT);
        (uint256 weight,) = RECOVERY.cancelWeightOf(address(ACCOUNT));
        vm.assertEq(weight, 0);
        inputs = cancellation(CAROL);
        inputs.registryRoot = NEXT_ROOT;
        submitCancellation(inputs);
        vm.assertEq(pendingKey(), NEW_KEY);
        inputs = cancellation(ALICE);
        inputs.registryRoot = NEXT_ROOT;
        submitCancellation(inputs);
        vm.assertEq(pendingKey(), address(0));
    }

    function test_voteToCancel_revertsWhenNothingIsPending() external {
        acceptAll();
        openRound();
        refuseCancellation(
            cancellation(ALICE), accountError(IEmailRecovery.NoRecoveryPending.selector)
        );
    }

    function test_voteToCancel_revertsWhenNotConfigured() external {
        startRecovery(OTHER_KEY);
        RecoveryPublicInputs memory inputs = cancellation(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, relayer));
        RECOVERY.voteToCancel(relayer, inputs, "");
    }

    function test_voteToCancel_revertsWhenNotGuardian() external {
        startRecovery(OTHER_KEY);
        refuseCancellation(
            cancellation(MALLORY), accountError(IEmailRecovery.NotGuardian.selector, MALLORY)
        );
    }

    function test_voteToCancel_revertsWhenNotAccepted() external {
        accept(ALICE);
        accept(BOB);
        vote(ALICE, OTHER_KEY);
        vote(BOB, OTHER_KEY);
        refuseCancellation(
            cancellation(CAROL), accountError(IEmailRecovery.NotAccepted.selector, CAROL)
        );
    }

    /// @dev A vote for a key is no vote to cancel, nor the other way round.
    function test_voteToCancel_revertsWhenTheMailIsAVote() external {
        startRecovery(OTHER_KEY);
        RecoveryPublicInputs memory inputs = ballot(CAROL, OTHER_KEY);
        refuseCancellation(
            inputs, subjectMismatch(RECOVERY.cancellationSubject(address(ACCOUNT)), inputs)
        );
        RecoveryPublicInputs memory cancels = cancellation(ALICE);
        cancel(ACCOUNT);
        openRound();
        refuseVote(OTHER_KEY, cancels, notThisBallot(OTHER_KEY, cancels));
    }

    function test_voteToCancel_revertsInTheNextRound() external {
        startRecovery(OTHER_KEY);
        RecoveryPublicInputs memory before = cancellation(CAROL);
        cancel(ACCOUNT);
        vote(ALICE, NEW_KEY);
        vote(BOB, NEW_KEY);
        refuseCancellation(
            before, subjectMismatch(RECOVERY.cancellationSubject(address(ACCOUNT)), before)
        );
    }

    function test_voteToCancel_revertsWhenTheProofIsFalse() external {
        startRecovery(OTHER_KEY);
        mock.setAnswer(false);
        refuseCancellation(
            cancellation(ALICE), abi.encodeWithSelector(IEmailRecovery.InvalidProof.selector)
        );
    }

    function test_voteToCancel_revertsWhenTheMailIsOlderThanTheRound() external {
        startRecovery(OTHER_KEY);
        RecoveryPublicInputs memory inputs = cancellation(ALICE);
        inputs.notBefore = START - 15 minutes - 1;
        refuseCancellation(
            inputs,
            abi.encodeWithSelector(
                IEmailRecovery.MailTooOld.selector, START - 15 minutes - 1, START - 15 minutes
            )
        );
    }

    function test_voteToCancel_revertsWhenAMailIsCountedAgain() external {
        startRecovery(OTHER_KEY);
        RecoveryPublicInputs memory inputs = cancellation(ALICE);
        submitCancellation(inputs);
        refuseCancellation(
            inputs, accountError(IEmailRecovery.MailAlreadyUsed.selector, inputs.nullifier)
        );
    }
}
