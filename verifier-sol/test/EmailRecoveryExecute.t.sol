// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {GuardianId} from "../contracts/interfaces/GuardianId.sol";
import {RecoveryPublicInputs, RegistryRoot} from "../contracts/interfaces/PublicInputs.sol";
import {MockedRecoveryTest} from "./support/MockedRecoveryTest.sol";
import {OwnedAccount} from "./support/OwnedAccount.sol";

/// @notice What becomes of a recovery that has started.
contract EmailRecoveryExecuteTest is MockedRecoveryTest {
    function test_execute_replacesTheKey() external {
        startRecovery(NEW_KEY);
        uint64 before = nonce();
        vm.warp(pending().executableFrom);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RecoveryExecuted(address(ACCOUNT), before, asOwner(NEW_KEY));
        vm.prank(relayer);
        RECOVERY.execute(address(ACCOUNT));
        vm.assertEq(ACCOUNT.owner(), NEW_KEY);
        vm.assertEq(nonce(), 0);
        vm.assertEq(pendingKey(), address(0));

        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(OwnedAccount.NotAllowed.selector, owner));
        ACCOUNT.execute(address(0), "");
        vm.prank(NEW_KEY);
        ACCOUNT.execute(address(0), "");
    }

    function test_execute_revertsWhenTheDelayHasNotPassed() external {
        startRecovery(NEW_KEY);
        uint256 from = pending().executableFrom;
        vm.warp(from - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.DelayNotPassed.selector, from - 1, from)
        );
        RECOVERY.execute(address(ACCOUNT));
    }

    function test_execute_worksUntilTheLastSecond() external {
        startRecovery(NEW_KEY);
        vm.warp(pending().expiresAt - 1);
        RECOVERY.execute(address(ACCOUNT));
        vm.assertEq(ACCOUNT.owner(), NEW_KEY);
    }

    function test_execute_revertsWhenExpired() external {
        startRecovery(NEW_KEY);
        uint256 expiresAt = pending().expiresAt;
        vm.warp(expiresAt);
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.RecoveryExpired.selector, expiresAt, expiresAt)
        );
        RECOVERY.execute(address(ACCOUNT));
    }

    function test_execute_revertsWhenExecutedBefore() external {
        startRecovery(NEW_KEY);
        vm.warp(pending().executableFrom);
        RECOVERY.execute(address(ACCOUNT));
        vm.expectRevert(accountError(IEmailRecovery.NoRecoveryPending.selector));
        RECOVERY.execute(address(ACCOUNT));
    }

    function test_execute_revertsWhenBelowTheThreshold() external {
        acceptAll();
        vote(ALICE, NEW_KEY);
        vm.warp(START + DELAY);
        vm.expectRevert(accountError(IEmailRecovery.NoRecoveryPending.selector));
        RECOVERY.execute(address(ACCOUNT));
    }

    function test_execute_revertsWhenNotConfigured() external {
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, relayer));
        RECOVERY.execute(relayer);
    }

    /// @dev Votes that counted at the start count at the end, though no more are taken.
    function test_execute_countsVotesAfterTheVotingPeriod() external {
        acceptAll();
        vote(ALICE, NEW_KEY);
        vm.warp(START + VOTING_PERIOD - 1);
        vote(BOB, NEW_KEY);
        vm.warp(pending().executableFrom);
        (uint256 weight,) = RECOVERY.weightOf(address(ACCOUNT), asOwner(NEW_KEY));
        vm.assertEq(weight, 2);
        RECOVERY.execute(address(ACCOUNT));
        vm.assertEq(ACCOUNT.owner(), NEW_KEY);
    }

    /// @dev S21: a key is found to be stolen while the recovery that rests on it waits.
    function test_execute_revertsWhenAVotesRootIsRevoked() external {
        startRecovery(NEW_KEY);
        vm.warp(pending().executableFrom);
        revokeRoot(ROOT);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotEnoughWeight.selector, 0, 2));
        RECOVERY.execute(address(ACCOUNT));
    }

    function test_execute_countsVotesUnderRootsThatMadePlace() external {
        startRecovery(NEW_KEY);
        RegistryRoot[] memory roots = new RegistryRoot[](8);
        for (uint256 i = 0; i < 8; ++i) {
            roots[i] = asRoot(100 + i);
        }
        acceptRoots(roots);
        vm.assertFalse(registry.isAccepted(ROOT));
        RECOVERY.execute(address(ACCOUNT));
        vm.assertEq(ACCOUNT.owner(), NEW_KEY);
    }

    /// @dev Enough other votes stand, so one revoked root stops nothing.
    function test_execute_needsOnlyTheThreshold() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.guardians[1].weight = 2;
        configure(ACCOUNT, config);
        acceptAll();
        vote(ALICE, NEW_KEY);
        RecoveryPublicInputs memory inputs = ballot(BOB, NEW_KEY);
        inputs.registryRoot = NEXT_ROOT;
        submitVote(NEW_KEY, inputs);
        revokeRoot(ROOT);
        vm.warp(pending().executableFrom);
        RECOVERY.execute(address(ACCOUNT));
        vm.assertEq(ACCOUNT.owner(), NEW_KEY);
    }

    function test_execute_revertsWhenTheAccountHasNoCode() external {
        address plain = makeAddr("account without code");
        vm.prank(plain);
        RECOVERY.configure(defaultConfig());
        GuardianId[2] memory voters = [ALICE, BOB];
        for (uint256 i = 0; i < 2; ++i) {
            RecoveryPublicInputs memory inputs = mail(voters[i], RECOVERY.acceptanceSubject(plain));
            RECOVERY.acceptGuardian(plain, inputs, "");
            ensureRound(RECOVERY, plain);
            inputs = mail(voters[i], RECOVERY.recoverySubject(plain, asOwner(NEW_KEY)));
            RECOVERY.vote(plain, asOwner(NEW_KEY), inputs, "");
        }
        vm.warp(START + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NoCode.selector, plain));
        RECOVERY.execute(plain);
    }

    /// @dev The account has dismissed this recovery contract: nothing is lost or half done.
    function test_execute_revertsWhenTheAccountRefuses() external {
        _refusingAccount();
        vm.warp(pending().executableFrom);
        uint64 before = nonce();
        vm.expectRevert(abi.encodeWithSelector(OwnedAccount.NotAllowed.selector, address(RECOVERY)));
        RECOVERY.execute(address(ACCOUNT));
        vm.assertEq(nonce(), before);
        vm.assertEq(pendingKey(), NEW_KEY);
    }

    function test_cancel_endsThePendingRecovery() external {
        startRecovery(NEW_KEY);
        uint64 before = nonce();
        vm.warp(pending().executableFrom);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RecoveryCancelled(address(ACCOUNT), before);
        cancel(ACCOUNT);
        vm.assertEq(nonce(), 0);
        vm.expectRevert(accountError(IEmailRecovery.NoRecoveryPending.selector));
        RECOVERY.execute(address(ACCOUNT));
    }

    function test_cancel_voidsVotesBelowTheThreshold() external {
        acceptAll();
        vote(ALICE, NEW_KEY);
        cancel(ACCOUNT);
        vote(BOB, NEW_KEY);
        vm.assertEq(pendingKey(), address(0));
    }

    /// @dev Not the relayer, not a guardian's account, not the owner's key past the account.
    function test_cancel_revertsWhenNotTheAccount() external {
        startRecovery(NEW_KEY);
        address[2] memory others = [relayer, owner];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, others[i])
            );
            vm.prank(others[i]);
            RECOVERY.cancel();
        }
        vm.assertEq(pendingKey(), NEW_KEY);
    }

    function test_discard_endsAnExpiredRecovery() external {
        startRecovery(NEW_KEY);
        uint64 before = nonce();
        vm.warp(pending().expiresAt);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RecoveryDiscarded(address(ACCOUNT), before);
        vm.prank(relayer);
        RECOVERY.discard(address(ACCOUNT));
        vm.assertEq(nonce(), 0);
        vote(ALICE, OTHER_KEY);
        vote(CAROL, OTHER_KEY);
        vm.assertEq(pendingKey(), OTHER_KEY);
    }

    /// @dev Guardians need not wait for the expiry of what can't be executed any more.
    function test_discard_endsARecoveryThatHasLostItsVotes() external {
        startRecovery(NEW_KEY);
        revokeRoot(ROOT);
        vm.prank(relayer);
        RECOVERY.discard(address(ACCOUNT));
        vm.assertEq(pendingKey(), address(0));
        vm.assertTrue(guardian(ALICE).accepted);
    }

    /// @dev Else anybody could end a recovery for the owner's thief.
    function test_discard_revertsWhenTheRecoveryIsLive() external {
        startRecovery(NEW_KEY);
        bytes memory refused = abi.encodeWithSelector(
            IEmailRecovery.RecoveryStillLive.selector, address(ACCOUNT), nonce()
        );
        uint256[5] memory times = [
            START,
            pending().executableFrom,
            pending().executableFrom + 1 days,
            START + VOTING_PERIOD,
            pending().expiresAt - 1
        ];
        for (uint256 i = 0; i < times.length; ++i) {
            vm.warp(times[i]);
            vm.expectRevert(refused);
            RECOVERY.discard(address(ACCOUNT));
        }
    }

    function test_discard_revertsWhenNothingIsPending() external {
        acceptAll();
        vote(ALICE, NEW_KEY);
        vm.expectRevert(accountError(IEmailRecovery.NoRecoveryPending.selector));
        RECOVERY.discard(address(ACCOUNT));
    }

    /// @dev Guardians need not wait for the expiry of what the account does not take.
    function test_discard_endsARecoveryThatTheAccountRefuses() external {
        _refusingAccount();
        uint256 due = pending().executableFrom;
        vm.warp(due + 1 days - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.RecoveryStillLive.selector, address(ACCOUNT), nonce()
            )
        );
        RECOVERY.discard(address(ACCOUNT));
        vm.warp(due + 1 days);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RecoveryDiscarded(address(ACCOUNT), nonce());
        vm.prank(relayer);
        RECOVERY.discard(address(ACCOUNT));
        vm.assertEq(pendingKey(), address(0));
    }

    /// @dev Whoever wants a recovery gone can't make the account seem to refuse by giving too little
    /// gas: with any amount, the recovery stays.
    function test_discard_revertsWhenTheAccountOnlyLacksGas() external {
        startRecovery(NEW_KEY);
        vm.warp(pending().executableFrom + 1 days);
        for (uint256 gas_ = 40_000; gas_ < 2_400_000; gas_ += 40_000) {
            (bool ok,) = address(RECOVERY).call{gas: gas_}(
                abi.encodeCall(IEmailRecovery.discard, (address(ACCOUNT)))
            );
            vm.assertFalse(ok);
        }
        (, bytes memory answer) = address(RECOVERY).call{gas: 2_000_000}(
            abi.encodeCall(IEmailRecovery.discard, (address(ACCOUNT)))
        );
        vm.assertEq(bytes32(bytes4(answer)), bytes32(IEmailRecovery.NotEnoughGas.selector));
        RECOVERY.execute(address(ACCOUNT));
        vm.assertEq(ACCOUNT.owner(), NEW_KEY);
    }

    /// @dev An account that burns all it is given refuses too, and stops nobody.
    function test_discard_endsARecoveryThatTheAccountBurnsGasFor() external {
        startRecovery(NEW_KEY);
        vm.etch(address(ACCOUNT), hex"fe");
        vm.warp(pending().executableFrom + 1 days);
        RECOVERY.discard{gas: 2_200_000}(address(ACCOUNT));
        vm.assertEq(pendingKey(), address(0));
    }

    /// @dev What one guardian can do with any number of mails: nothing.
    function test_oneGuardian_canNeitherRecoverNorStopTheOthers() external {
        acceptAll();
        vote(CAROL, OTHER_KEY);
        vote(ALICE, NEW_KEY);
        vote(BOB, NEW_KEY);
        IEmailRecovery.PendingRecovery memory before = pending();
        refuseVote(
            OTHER_KEY,
            ballot(CAROL, OTHER_KEY),
            abi.encodeWithSelector(
                IEmailRecovery.RecoveryPending.selector, address(ACCOUNT), nonce()
            )
        );
        vm.assertEq(abi.encode(pending()), abi.encode(before));
        vm.warp(before.executableFrom);
        RECOVERY.execute(address(ACCOUNT));
        vm.assertEq(ACCOUNT.owner(), NEW_KEY);
    }

    function _refusingAccount() private {
        startRecovery(NEW_KEY);
        vm.store(address(ACCOUNT), bytes32(uint256(1)), 0);
    }

    /// @dev Whoever sends the same transactions, in whatever name, the outcome is the same.
    function testFuzz_senders_changeNothing(address sender, address executor) external {
        vm.assume(sender != address(ACCOUNT) && executor != address(ACCOUNT));
        uint256 clean = vm.snapshotState();
        RecoveryPublicInputs[3] memory mails;
        bytes32[2] memory outcomes;
        for (uint256 run = 0; run < 2; ++run) {
            accept(BOB);
            mails[0] = acceptance(ALICE);
            mails[1] = ballot(ALICE, NEW_KEY);
            mails[2] = ballot(BOB, NEW_KEY);
            vm.startPrank(run == 0 ? relayer : sender);
            RECOVERY.acceptGuardian(address(ACCOUNT), mails[0], "");
            RECOVERY.vote(address(ACCOUNT), asOwner(NEW_KEY), mails[1], "");
            RECOVERY.vote(address(ACCOUNT), asOwner(NEW_KEY), mails[2], "");
            vm.stopPrank();
            IEmailRecovery.PendingRecovery memory started = pending();
            vm.warp(started.executableFrom);
            vm.prank(run == 0 ? relayer : executor);
            RECOVERY.execute(address(ACCOUNT));
            outcomes[run] = keccak256(abi.encode(started, ACCOUNT.owner(), nonce()));
            if (run == 0) vm.revertToState(clean);
        }
        vm.assertEq(outcomes[0], outcomes[1]);
    }

    /// @dev The window is exactly [delay, expiry).
    function testFuzz_execute_onlyWithinTheWindow(uint32 delay, uint32 expiry, uint32 wait)
        external
    {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.delay = uint32(bound(delay, 1 hours, 90 days));
        config.expiry = uint32(bound(expiry, config.delay + 2 days, 365 days));
        configure(ACCOUNT, config);
        startRecovery(NEW_KEY);
        wait = uint32(bound(wait, 0, 400 days));
        vm.warp(START + wait);
        if (wait < config.delay) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IEmailRecovery.DelayNotPassed.selector, START + wait, START + config.delay
                )
            );
        } else if (wait >= config.expiry) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IEmailRecovery.RecoveryExpired.selector, START + wait, START + config.expiry
                )
            );
        }
        RECOVERY.execute(address(ACCOUNT));
    }
}
