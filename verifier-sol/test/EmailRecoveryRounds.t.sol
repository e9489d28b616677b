// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {RecoverySubject} from "../contracts/RecoverySubject.sol";
import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {GuardianId} from "../contracts/interfaces/GuardianId.sol";
import {RecoveryPublicInputs} from "../contracts/interfaces/PublicInputs.sol";
import {MockedRecoveryTest} from "./support/MockedRecoveryTest.sol";

/// @notice Who opens and ends rounds, and that no mail for one is written before.
contract EmailRecoveryRoundsTest is MockedRecoveryTest {
    address private constant THIEF = address(0xbad);

    function test_openRound_byAnybodyForTheWholeVotingPeriod() external {
        vm.warp(START + 5);
        vm.prank(relayer);
        RECOVERY.openRound(address(ACCOUNT));
        (uint64 nonce_, uint256 openedAt, uint256 closesAt) = RECOVERY.roundOf(address(ACCOUNT));
        vm.assertNotEq(nonce_, 0);
        vm.assertEq(openedAt, START + 5);
        vm.assertEq(closesAt, START + 5 + VOTING_PERIOD);
    }

    function test_openRound_isLogged() external {
        uint256 before = vm.snapshotState();
        openRound();
        uint64 drawn = nonce();
        vm.revertToState(before);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RoundOpened(address(ACCOUNT), drawn, START + VOTING_PERIOD);
        openRound();
    }

    function test_openRound_revertsWhenNotConfigured() external {
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, relayer));
        RECOVERY.openRound(relayer);
    }

    /// @dev Nobody draws a nonce again while guardians may be writing, whether they have voted yet
    /// or not.
    function test_openRound_revertsWhenARoundIsOpen() external {
        acceptAll();
        openRound();
        uint64 first = nonce();
        uint256[3] memory times = [START, START + 1 days, START + VOTING_PERIOD - 1];
        for (uint256 i = 0; i < times.length; ++i) {
            vm.warp(times[i]);
            vm.roll(BLOCK + 1 + i);
            _refusedOpening(START + VOTING_PERIOD);
            if (i == 1) vote(ALICE, NEW_KEY);
        }
        vm.assertEq(nonce(), first);
        vm.warp(START + VOTING_PERIOD);
        vm.assertEq(nonce(), 0);
        openRound();
        vm.assertNotEq(nonce(), first);
    }

    /// @dev The votes of a pending recovery are those of its round, so it stays to the end.
    function test_openRound_revertsWhenARecoveryIsPending() external {
        startRecovery(NEW_KEY);
        uint64 before = nonce();
        uint256[3] memory times = [START, START + VOTING_PERIOD, START + EXPIRY];
        for (uint256 i = 0; i < times.length; ++i) {
            vm.warp(times[i]);
            _refusedOpening(START + VOTING_PERIOD);
        }
        vm.assertEq(nonce(), before);
        RECOVERY.discard(address(ACCOUNT));
        openRound();
        vm.assertEq(guardian(ALICE).votedOwner, asVoted(address(0)));
    }

    /// @dev Also by one that has a vote in the round that is over, which says no more than that.
    function test_vote_revertsWhenNoRoundIsOpen() external {
        accept(ALICE);
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        submitVote(NEW_KEY, inputs);
        uint64 before = nonce();
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RecoveryCancelled(address(ACCOUNT), before);
        cancel(ACCOUNT);
        refuseVote(NEW_KEY, inputs, accountError(IEmailRecovery.RoundNotOpen.selector));
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RecoveryCancelled(address(ACCOUNT), 0);
        cancel(ACCOUNT);
    }

    function test_subjects_revertWhenNoRoundIsOpen() external {
        bytes memory refusal = accountError(IEmailRecovery.RoundNotOpen.selector);
        vm.expectRevert(refusal);
        RECOVERY.recoverySubject(address(ACCOUNT), asOwner(NEW_KEY));
        vm.expectRevert(refusal);
        RECOVERY.cancellationSubject(address(ACCOUNT));
        openRound();
        RECOVERY.recoverySubject(address(ACCOUNT), asOwner(NEW_KEY));
        vm.warp(START + VOTING_PERIOD);
        vm.expectRevert(refusal);
        RECOVERY.recoverySubject(address(ACCOUNT), asOwner(NEW_KEY));
    }

    /// @dev What a nonce is drawn from: nothing of it is the sender's choice.
    function testFuzz_nonce_isDrawnFromTheBlock(
        uint64 chain,
        uint256 number,
        bytes32 randao,
        bytes32 previous,
        address sender
    ) external {
        vm.chainId(bound(chain, 1, type(uint64).max));
        number = bound(number, 1, type(uint64).max);
        vm.roll(number);
        vm.prevrandao(randao);
        vm.setBlockhash(number - 1, previous);
        vm.prank(sender);
        RECOVERY.openRound(address(ACCOUNT));
        bytes32 drawn = keccak256(
            abi.encode(
                block.chainid, address(RECOVERY), address(ACCOUNT), uint256(2), randao, previous
            )
        );
        vm.assertEq(nonce(), uint64(uint256(drawn)));
    }

    /// @dev Each thing that makes one block differ from another makes the nonce differ: chains with
    /// a constant `prevrandao` have the hash of the block before.
    function test_nonce_dependsOnEachPart() external {
        uint256 before = vm.snapshotState();
        openRound();
        uint64 first = nonce();
        for (uint256 i = 0; i < 4; ++i) {
            vm.revertToState(before);
            if (i == 0) vm.prevrandao(bytes32(uint256(1)));
            if (i == 1) vm.setBlockhash(BLOCK - 1, bytes32(uint256(1)));
            if (i == 2) vm.chainId(CHAIN + 1);
            if (i == 3) cancel(ACCOUNT);
            openRound();
            // Cancelling draws nothing.
            vm.assertTrue((nonce() == first) == (i == 3));
        }
        cancel(ACCOUNT);
        openRound();
        vm.assertNotEq(nonce(), first);
    }

    /// @dev Mails written in ten minutes with stolen mailboxes are worth one round: nobody knows the
    /// number of the next.
    function test_stockedMails_endWithTheRound() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.undatedMail = IEmailRecovery.UndatedMail.Accept;
        configure(ACCOUNT, config);
        acceptAll();
        openRound();
        RecoveryPublicInputs[2][20] memory stock;
        for (uint64 i = 0; i < 20; ++i) {
            stock[i][0] = _ahead(ALICE, nonce() + i);
            stock[i][1] = _ahead(BOB, nonce() + i);
        }
        submitVote(THIEF, stock[0][0]);
        submitVote(THIEF, stock[0][1]);
        vm.assertEq(pendingKey(), THIEF);
        cancel(ACCOUNT);
        for (uint256 round = 0; round < 3; ++round) {
            openRound();
            for (uint256 i = 0; i < 20; ++i) {
                vm.expectRevert();
                submitVote(THIEF, stock[i][0]);
            }
            cancel(ACCOUNT);
        }
    }

    /// @dev They lapse with the voting period as well, though nobody cancels.
    function test_stockedMails_endWithTheVotingPeriod() external {
        acceptAll();
        openRound();
        RecoveryPublicInputs memory stocked = _ahead(ALICE, nonce());
        vm.warp(START + VOTING_PERIOD);
        refuseVote(THIEF, stocked, accountError(IEmailRecovery.RoundNotOpen.selector));
        openRound();
        refuseVote(THIEF, stocked, notThisBallot(THIEF, stocked));
    }

    /// @dev What the thief writes from a stolen mailbox, dated and not.
    function _ahead(GuardianId commitment, uint64 nonce_)
        private
        returns (RecoveryPublicInputs memory inputs)
    {
        inputs = mail(
            commitment,
            RecoverySubject.recovery(address(ACCOUNT), uint128(CHAIN), nonce_, asOwner(THIEF))
        );
        if (nonce_ % 2 == 0) inputs.notBefore = 0;
    }

    function _refusedOpening(uint256 closesAt) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.RoundOpen.selector, address(ACCOUNT), nonce(), closesAt
            )
        );
        vm.prank(relayer);
        RECOVERY.openRound(address(ACCOUNT));
    }
}
