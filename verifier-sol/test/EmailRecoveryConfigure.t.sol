// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";
import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {IKeyRegistryRoots} from "../contracts/interfaces/IKeyRegistryRoots.sol";
import {IRecoveryProofVerifier} from "../contracts/interfaces/IRecoveryProofVerifier.sol";
import {GuardianId, SIGNER_MARK} from "../contracts/interfaces/GuardianId.sol";
import {
    RecoveryPublicInputs,
    RegistryRoot,
    SCALAR_FIELD_ORDER
} from "../contracts/interfaces/PublicInputs.sol";
import {MockedRecoveryTest} from "./support/MockedRecoveryTest.sol";
import {MockProofVerifier} from "./support/MockProofVerifier.sol";

contract EmailRecoveryConfigureTest is MockedRecoveryTest {
    function test_configure_storesAllOfIt() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.pinnedRoot = ROOT;
        config.rootDelay = 5 days;
        config.cancelThreshold = 1;
        config.votingPeriod = 8 days;
        config.undatedMail = IEmailRecovery.UndatedMail.Accept;
        config.guardians[1].weight = 7;
        configure(ACCOUNT, config);
        vm.assertEq(abi.encode(RECOVERY.configOf(address(ACCOUNT))), abi.encode(config));
    }

    function test_configure_logsNonceAndConfiguration() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        uint256 before = vm.snapshotState();
        configure(ACCOUNT, config);
        uint64 drawn = setupNonce();
        vm.revertToState(before);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RecoveryConfigured(address(ACCOUNT), drawn, config, "");
        configure(ACCOUNT, config);
    }

    function test_configure_touchesOnlyTheCaller() external {
        vm.prank(relayer);
        RECOVERY.configure(defaultConfig());
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, address(OTHER_ACCOUNT))
        );
        RECOVERY.configOf(address(OTHER_ACCOUNT));
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.delay = 5 days;
        vm.prank(relayer);
        RECOVERY.configure(config);
        vm.assertEq(RECOVERY.configOf(address(ACCOUNT)).delay, DELAY);
    }

    function test_configure_revertsWhenARecoveryIsPending() external {
        startRecovery(NEW_KEY);
        bytes memory refusal = abi.encodeWithSelector(
            IEmailRecovery.RecoveryPending.selector, address(ACCOUNT), nonce()
        );
        _refused(defaultConfig(), refusal);
        // An expired one is still there until somebody ends it.
        vm.warp(pending().expiresAt);
        _refused(defaultConfig(), refusal);
        cancel(ACCOUNT);
        configure(ACCOUNT, defaultConfig());
    }

    /// @dev Else those who can start a recovery keep the account from replacing them, by starting
    /// one between `cancel` and `configure`.
    function test_cancelAndConfigure_endsThePendingRecovery() external {
        startRecovery(NEW_KEY);
        IEmailRecovery.RecoveryConfig memory config = twoOfThree([ALICE, BOB, MALLORY]);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RecoveryCancelled(address(ACCOUNT), nonce());
        _cancelAndConfigure(config);
        vm.assertEq(pendingKey(), address(0));
        vm.assertEq(nonce(), 0);
        // Those who are replaced begin again; it does not help them.
        vm.warp(block.timestamp + DELAY / 2);
        vote(ALICE, NEW_KEY);
        vote(BOB, NEW_KEY);
        vm.warp(RECOVERY.scheduledChangeOf(address(ACCOUNT)).applicableFrom);
        _cancelAndConfigure(config);
        vm.assertEq(pendingKey(), address(0));
        vm.assertEq(abi.encode(RECOVERY.configOf(address(ACCOUNT))), abi.encode(config));
    }

    function test_cancelAndConfigure_revertsWhenNotConfigured() external {
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, relayer));
        vm.prank(relayer);
        RECOVERY.cancelAndConfigure(defaultConfig());
    }

    function test_publishEscrow_isOnlyLogged() external {
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.SaltsEscrowed(address(ACCOUNT), "encrypted salts");
        callAs(
            ACCOUNT,
            address(RECOVERY),
            abi.encodeCall(IEmailRecovery.publishEscrow, ("encrypted salts"))
        );
    }

    /// @dev S22: what was voted before a change counts for nothing after it.
    function test_configure_voidsAllVotes() external {
        acceptAll();
        vote(ALICE, NEW_KEY);
        RecoveryPublicInputs memory inFlight = ballot(BOB, NEW_KEY);
        configure(ACCOUNT, defaultConfig());
        vm.assertEq(guardian(ALICE).votedOwner, asVoted(address(0)));
        (uint256 weight,) = RECOVERY.weightOf(address(ACCOUNT), asOwner(NEW_KEY));
        vm.assertEq(weight, 0);

        refuseVote(NEW_KEY, inFlight, accountError(IEmailRecovery.RoundNotOpen.selector));
        openRound();
        refuseVote(NEW_KEY, inFlight, notThisBallot(NEW_KEY, inFlight));
        vote(BOB, NEW_KEY);
        vm.assertEq(pendingKey(), address(0));
    }

    function test_configure_keepsTheAcceptanceOfThoseWhoStay() external {
        acceptAll();
        configureAndWait(ACCOUNT, twoOfThree([BOB, ALICE, MALLORY]));
        vm.assertTrue(guardian(ALICE).accepted && guardian(BOB).accepted);
        vm.assertFalse(guardian(MALLORY).accepted);
        vm.assertEq(guardian(CAROL).weight, 0);
    }

    /// @dev Who comes back has to show control of the address anew, by another mail.
    function test_configure_forgetsTheAcceptanceOfThoseWhoLeave() external {
        RecoveryPublicInputs memory old = acceptance(CAROL);
        submitAcceptance(old);
        configure(ACCOUNT, twoOfThree([ALICE, BOB, MALLORY]));
        configure(ACCOUNT, defaultConfig());
        vm.assertFalse(guardian(CAROL).accepted);
        refuseVote(
            NEW_KEY,
            ballot(CAROL, NEW_KEY),
            accountError(IEmailRecovery.NotAccepted.selector, CAROL)
        );
        refuseAcceptance(old, notThisAcceptance(old));
        accept(CAROL);
    }

    function test_configure_changesWeights() external {
        acceptAll();
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.guardians[0].weight = 2;
        configureAndWait(ACCOUNT, config);
        vote(ALICE, NEW_KEY);
        vm.assertEq(pendingKey(), NEW_KEY);
    }

    function test_configure_revertsWhenAGuardianIsGivenTwice() external {
        _refused(
            twoOfThree([ALICE, BOB, ALICE]),
            abi.encodeWithSelector(IEmailRecovery.DuplicateGuardian.selector, ALICE)
        );
    }

    function test_configure_revertsWhenACommitmentIsNoFieldElement() external {
        uint256[3] memory wrong = [uint256(0), SCALAR_FIELD_ORDER, SIGNER_MARK - 1];
        for (uint256 i = 0; i < wrong.length; ++i) {
            _refused(
                twoOfThree([ALICE, BOB, asGuardian(wrong[i])]),
                abi.encodeWithSelector(IEmailRecovery.InvalidGuardian.selector, wrong[i])
            );
        }
        // So x and x + r can't be two guardians.
        GuardianId second = asGuardian(GuardianId.unwrap(ALICE) + SCALAR_FIELD_ORDER);
        _refused(
            twoOfThree([ALICE, BOB, second]),
            abi.encodeWithSelector(IEmailRecovery.InvalidGuardian.selector, second)
        );
    }

    function test_configure_revertsWhenAGuardianHasNoWeight() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.guardians[2].weight = 0;
        _refused(config, abi.encodeWithSelector(IEmailRecovery.ZeroWeight.selector, CAROL));
    }

    function test_configure_revertsWhenThereIsNoGuardianOrTooMany() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.guardians = new IEmailRecovery.GuardianWeight[](0);
        _refused(config, abi.encodeWithSelector(IEmailRecovery.GuardianCount.selector, 0, 16));
        config.guardians = _many(17, 1);
        _refused(config, abi.encodeWithSelector(IEmailRecovery.GuardianCount.selector, 17, 16));
        config.guardians = _many(16, 1);
        configure(ACCOUNT, config);
    }

    function test_configure_revertsWhenTheThresholdIsOutOfReach() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        uint32[3] memory wrong = [0, 4, type(uint32).max];
        for (uint256 i = 0; i < wrong.length; ++i) {
            config.threshold = wrong[i];
            _refused(
                config,
                abi.encodeWithSelector(IEmailRecovery.InvalidThreshold.selector, wrong[i], 3)
            );
        }
        config.threshold = 3;
        for (uint256 i = 0; i < wrong.length; ++i) {
            config.cancelThreshold = wrong[i];
            _refused(
                config,
                abi.encodeWithSelector(IEmailRecovery.InvalidThreshold.selector, wrong[i], 3)
            );
        }
        config.cancelThreshold = 3;
        configure(ACCOUNT, config);
    }

    /// @dev The largest weights add up in full: no sum wraps.
    function test_configure_weightsDoNotOverflow() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.guardians = _many(16, type(uint16).max);
        uint256 total = 16 * uint256(type(uint16).max);
        config.threshold = uint32(total + 1);
        _refused(
            config,
            abi.encodeWithSelector(IEmailRecovery.InvalidThreshold.selector, total + 1, total)
        );
        config.threshold = uint32(total);
        configure(ACCOUNT, config);
        for (uint256 i = 0; i < 16; ++i) {
            vm.assertEq(pendingKey(), address(0));
            accept(asGuardian(i + 1));
            vote(asGuardian(i + 1), NEW_KEY);
        }
        vm.assertEq(pendingKey(), NEW_KEY);
    }

    function test_configure_revertsWhenTheDelayIsOutOfBounds() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.expiry = 365 days;
        uint32[4] memory wrong = [0, 1 hours - 1, 90 days + 1, type(uint32).max];
        for (uint256 i = 0; i < wrong.length; ++i) {
            config.delay = wrong[i];
            _refused(
                config,
                abi.encodeWithSelector(
                    IEmailRecovery.InvalidDelay.selector, wrong[i], 1 hours, 90 days
                )
            );
        }
        config.delay = 1 hours;
        configure(ACCOUNT, config);
        config.delay = 90 days;
        configure(ACCOUNT, config);
    }

    function test_configure_revertsWhenTheExpiryIsOutOfBounds() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        uint32[4] memory wrong = [0, DELAY + 2 days - 1, 365 days + 1, type(uint32).max];
        for (uint256 i = 0; i < wrong.length; ++i) {
            config.expiry = wrong[i];
            _refused(
                config,
                abi.encodeWithSelector(
                    IEmailRecovery.InvalidExpiry.selector, wrong[i], DELAY + 2 days, 365 days
                )
            );
        }
        config.expiry = DELAY + 2 days;
        configure(ACCOUNT, config);
        config.expiry = 365 days;
        configure(ACCOUNT, config);
    }

    function test_configure_revertsWhenTheVotingPeriodIsOutOfBounds() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        uint32[4] memory wrong = [0, 1 days - 1, 90 days + 1, type(uint32).max];
        for (uint256 i = 0; i < wrong.length; ++i) {
            config.votingPeriod = wrong[i];
            _refused(
                config,
                abi.encodeWithSelector(
                    IEmailRecovery.InvalidVotingPeriod.selector, wrong[i], 1 days, 90 days
                )
            );
        }
        config.votingPeriod = 1 days;
        configure(ACCOUNT, config);
        config.votingPeriod = 90 days;
        configure(ACCOUNT, config);
    }

    function test_configure_revertsWhenTheDelayOfRootsIsOutOfBounds() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.rootDelay = 90 days + 1;
        _refused(
            config,
            abi.encodeWithSelector(IEmailRecovery.InvalidRootDelay.selector, 90 days + 1, 90 days)
        );
        config.rootDelay = 90 days;
        configure(ACCOUNT, config);
    }

    function test_configure_revertsWhenTheAgeOfMailIsOutOfBounds() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        uint32[4] memory wrong = [0, 1 hours - 1, 365 days + 1, type(uint32).max];
        for (uint256 i = 0; i < wrong.length; ++i) {
            config.maxMailAge = wrong[i];
            _refused(
                config,
                abi.encodeWithSelector(
                    IEmailRecovery.InvalidMailAge.selector, wrong[i], 1 hours, 365 days
                )
            );
        }
        config.maxMailAge = 1 hours;
        configure(ACCOUNT, config);
        config.maxMailAge = 365 days;
        configure(ACCOUNT, config);
    }

    function test_configure_revertsWhenVerifierOrRegistryHasNoCode() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.verifier = IRecoveryProofVerifier(address(0));
        _refused(config, abi.encodeWithSelector(IEmailRecovery.NoCode.selector, address(0)));
        config = defaultConfig();
        config.registry = IKeyRegistryRoots(relayer);
        _refused(config, abi.encodeWithSelector(IEmailRecovery.NoCode.selector, relayer));
    }

    /// @dev Proofs that anybody can forge need the explicit word; a ceremony's need none.
    function test_configure_revertsWhenAnInsecureSetupIsNotAcknowledged() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        bytes32[2] memory wrong = [bytes32(0), keccak256("I accept forged proofs.")];
        for (uint256 i = 0; i < wrong.length; ++i) {
            config.setupAcknowledgement = wrong[i];
            _refused(
                config,
                abi.encodeWithSelector(IEmailRecovery.InsecureSetupNotAcknowledged.selector, "mock")
            );
        }
        mock.setSrsKind("ceremony");
        configure(ACCOUNT, config);
        vm.assertEq(RECOVERY.configOf(address(ACCOUNT)).setupAcknowledgement, bytes32(0));
        mock.setSrsKind("insecure-dev");
        _refused(
            config,
            abi.encodeWithSelector(
                IEmailRecovery.InsecureSetupNotAcknowledged.selector, "insecure-dev"
            )
        );
    }

    /// @dev Code that is no verifier, or no registry, does not answer.
    function test_configure_revertsWhenVerifierOrRegistryIsOtherCode() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.verifier = IRecoveryProofVerifier(address(ACCOUNT));
        bytes memory refusal = abi.encodeWithSelector(Errors.FailedCall.selector);
        _refused(config, refusal);
        config = defaultConfig();
        config.registry = IKeyRegistryRoots(address(ACCOUNT));
        _refused(config, refusal);
    }

    function test_configure_revertsWhenThePinnedRootIsRevoked() external {
        revokeRoot(ROOT);
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.pinnedRoot = ROOT;
        _refused(config, abi.encodeWithSelector(IEmailRecovery.RootNotAccepted.selector, ROOT));
    }

    /// @dev The owner of a registry keeps nobody out by revoking what is no root.
    function test_configure_whenRootZeroIsRevoked() external {
        revokeRoot(asRoot(0));
        configure(ACCOUNT, defaultConfig());
    }

    /// @dev Only the account changes its verifier, and then the old one says nothing any more.
    function test_configure_replacesTheVerifier() external {
        acceptAll();
        MockProofVerifier next = new MockProofVerifier();
        next.setAnswer(false);
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.verifier = next;
        configureAndWait(ACCOUNT, config);
        refuseVote(
            NEW_KEY,
            ballot(ALICE, NEW_KEY),
            abi.encodeWithSelector(IEmailRecovery.InvalidProof.selector)
        );
    }

    function test_remove_leavesNothingButNonceAndNullifiers() external {
        RecoveryPublicInputs memory used = acceptance(ALICE);
        submitAcceptance(used);
        openRound();
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RecoveryRemoved(address(ACCOUNT));
        remove(ACCOUNT);
        vm.assertEq(nonce(), 0);
        vm.assertTrue(RECOVERY.isNullifierUsed(address(ACCOUNT), used.nullifier));
        vm.assertEq(guardian(ALICE).weight, 0);
        vm.assertFalse(guardian(ALICE).accepted);
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, address(ACCOUNT))
        );
        RECOVERY.configOf(address(ACCOUNT));
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, address(ACCOUNT))
        );
        RECOVERY.openRound(address(ACCOUNT));
    }

    /// @dev Leaving and coming back brings nothing back: not the acceptances, not the votes, not
    /// the pending recovery, and no mail of before works.
    function test_remove_andConfigureAgainStartsFromNothing() external {
        RecoveryPublicInputs memory unused = acceptance(CAROL);
        accept(ALICE);
        accept(BOB);
        vote(ALICE, NEW_KEY);
        RecoveryPublicInputs memory inFlight = ballot(BOB, NEW_KEY);
        removeAndWait(ACCOUNT);
        configure(ACCOUNT, defaultConfig());

        vm.assertFalse(guardian(ALICE).accepted || guardian(BOB).accepted);
        vm.assertEq(guardian(ALICE).votedOwner, asVoted(address(0)));
        refuseAcceptance(unused, notThisAcceptance(unused));
        accept(BOB);
        openRound();
        refuseVote(NEW_KEY, inFlight, notThisBallot(NEW_KEY, inFlight));
    }

    function test_remove_revertsWhenARecoveryIsPending() external {
        startRecovery(NEW_KEY);
        bytes memory refusal = abi.encodeWithSelector(
            IEmailRecovery.RecoveryPending.selector, address(ACCOUNT), nonce()
        );
        vm.prank(address(ACCOUNT));
        vm.expectRevert(refusal);
        RECOVERY.remove();
        cancel(ACCOUNT);
        removeAndWait(ACCOUNT);
        vm.expectRevert(accountError(IEmailRecovery.NotConfigured.selector));
        RECOVERY.execute(address(ACCOUNT));
        vm.assertEq(ACCOUNT.owner(), owner);
    }

    function test_remove_revertsWhenNotConfigured() external {
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, relayer));
        vm.prank(relayer);
        RECOVERY.remove();
    }

    /// @dev Acceptances of one configuration are none of another: contract, account, or time.
    function test_setupNonce_isDrawnForEveryConfiguration() external {
        uint64[4] memory seen;
        seen[0] = setupNonce();
        configure(ACCOUNT, defaultConfig());
        seen[1] = setupNonce();
        configure(OTHER_ACCOUNT, defaultConfig());
        (seen[2],) = RECOVERY.setupOf(address(OTHER_ACCOUNT));
        vm.prank(address(ACCOUNT));
        OTHER_RECOVERY.configure(defaultConfig());
        uint256 since;
        (seen[3], since) = OTHER_RECOVERY.setupOf(address(ACCOUNT));
        vm.assertEq(since, START);
        for (uint256 i = 0; i < 4; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                vm.assertNotEq(seen[i], seen[j]);
            }
        }
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, relayer));
        RECOVERY.setupOf(relayer);
    }

    /// @dev A round of before is over with a new configuration, as all its votes.
    function test_configure_endsTheOpenRound() external {
        openRound();
        vm.assertNotEq(nonce(), 0);
        configure(ACCOUNT, defaultConfig());
        vm.assertEq(nonce(), 0);
    }

    function testFuzz_configure_storesEveryValidConfiguration(
        uint256 count,
        uint16 weight,
        uint32 threshold,
        uint32 delay,
        uint32 expiry,
        uint32 period,
        uint32 age,
        uint32 rootDelay,
        RegistryRoot pinned
    ) external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        count = bound(count, 1, 16);
        weight = uint16(bound(weight, 1, type(uint16).max));
        config.guardians = _many(count, weight);
        config.threshold = uint32(bound(threshold, 1, count * weight));
        config.delay = uint32(bound(delay, 1 hours, 90 days));
        config.expiry = uint32(bound(expiry, config.delay + 2 days, 365 days));
        config.cancelThreshold = config.threshold;
        config.votingPeriod = uint32(bound(period, 1 days, 90 days));
        config.maxMailAge = uint32(bound(age, 1 hours, 365 days));
        config.rootDelay = uint32(bound(rootDelay, 0, 90 days));
        config.pinnedRoot = pinned;
        configure(ACCOUNT, config);
        vm.assertEq(abi.encode(RECOVERY.configOf(address(ACCOUNT))), abi.encode(config));
    }

    function _cancelAndConfigure(IEmailRecovery.RecoveryConfig memory config) private {
        callAs(
            ACCOUNT, address(RECOVERY), abi.encodeCall(IEmailRecovery.cancelAndConfigure, (config))
        );
    }

    function _refused(IEmailRecovery.RecoveryConfig memory config, bytes memory refusal) private {
        vm.expectRevert(refusal);
        vm.prank(address(ACCOUNT));
        RECOVERY.configure(config);
    }

    function _many(uint256 count, uint16 weight)
        private
        pure
        returns (IEmailRecovery.GuardianWeight[] memory guardians)
    {
        guardians = new IEmailRecovery.GuardianWeight[](count);
        for (uint256 i = 0; i < count; ++i) {
            guardians[i] = IEmailRecovery.GuardianWeight(asGuardian(i + 1), weight);
        }
    }
}
