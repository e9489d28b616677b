// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {EmailRecoveryChanges} from "../contracts/EmailRecoveryChanges.sol";
import {EmailRecoveryForwards} from "../contracts/EmailRecoveryForwards.sol";
import {GuardianId} from "../contracts/interfaces/GuardianId.sol";
import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {KeyRegistryRoots} from "../contracts/KeyRegistryRoots.sol";
import {MockProofVerifier} from "./support/MockProofVerifier.sol";
import {MockedRecoveryTest} from "./support/MockedRecoveryTest.sol";
import {OwnedAccountRecovery} from "./support/OwnedAccountRecovery.sol";

/// @notice A base with a variable.
contract Base {
    uint256 internal _variable;
}

/// @notice An integration that names that base first.
contract LateRecovery is Base, OwnedAccountRecovery {}

/// @notice What weakens a recovery waits; a thief of the account's key neither takes it away nor makes it its
/// own before somebody has had the time to see it.
contract EmailRecoveryChangesTest is MockedRecoveryTest {
    uint256 private constant CHANGE_PERIOD = 14 days;

    function setUp() public override {
        super.setUp();
        IEmailRecovery.RecoveryConfig memory config = _strong();
        configure(ACCOUNT, config);
        acceptAll();
    }

    // Which changes wait

    function test_configure_sameConfigurationIsAtOnce() external {
        _expectAtOnce(_strong());
    }

    function test_configure_fewerGuardiansWait() external {
        IEmailRecovery.RecoveryConfig memory config = _strong();
        config.guardians[1] = config.guardians[2];
        config.guardians = _first(config.guardians, 2);
        _expectWaits(config);
    }

    function test_configure_anotherGuardianInPlaceOfOneWaits() external {
        IEmailRecovery.RecoveryConfig memory config = _strong();
        config.guardians[2].guardian = MALLORY;
        _expectWaits(config);
    }

    /// @dev Who comes could be the thief's.
    function test_configure_moreGuardiansWait() external {
        IEmailRecovery.RecoveryConfig memory config = _strong();
        config.guardians = _with(config.guardians, MALLORY, 1);
        _expectWaits(config);
        (config.threshold, config.cancelThreshold) = (3, 3);
        _expectWaits(config);
    }

    function test_configure_otherWeightsWait() external {
        IEmailRecovery.RecoveryConfig memory config = _strong();
        config.guardians[0].weight = 2;
        _expectWaits(config);
        (config.threshold, config.cancelThreshold) = (3, 3);
        _expectWaits(config);

        configureAndWait(ACCOUNT, config);
        config.guardians[0].weight = 1;
        _expectWaits(config);
    }

    function test_configure_lowerThresholdsWait() external {
        IEmailRecovery.RecoveryConfig memory config = _strong();
        config.threshold = 1;
        _expectWaits(config);
        config = _strong();
        config.cancelThreshold = 1;
        _expectWaits(config);
    }

    /// @dev Up to what those who have accepted reach: else nobody could recover the account.
    function test_configure_higherThresholdsAreAtOnceWhereTheyAreReached() external {
        IEmailRecovery.RecoveryConfig memory config = _strong();
        config.threshold = 3;
        config.cancelThreshold = 3;
        _expectAtOnce(config);
    }

    function test_configure_higherThresholdsWaitWhereTheyAreNotReached() external {
        IEmailRecovery.RecoveryConfig memory config = _strong();
        config.guardians = _with(config.guardians, MALLORY, 1);
        config.cancelThreshold = 4;
        configureAndWait(ACCOUNT, config);
        // Three of four have accepted.
        config.threshold = 4;
        _expectWaits(config);
        config.threshold = 3;
        _expectAtOnce(config);

        (config.threshold, config.cancelThreshold) = (2, 3);
        configureAndWait(ACCOUNT, config);
        config.cancelThreshold = 4;
        _expectWaits(config);
    }

    function test_configure_shorterTimesWaitAndLongerOnesDoNot() external {
        IEmailRecovery.RecoveryConfig memory config = _strong();
        config.delay -= 1;
        config.expiry -= 1;
        _expectWaits(config);
        config.delay += 2;
        config.expiry += 2;
        _expectAtOnce(config);

        // The time in which anybody can execute.
        config.expiry -= 1;
        _expectWaits(config);
        config.expiry += 2;
        _expectAtOnce(config);

        config.votingPeriod -= 1;
        _expectWaits(config);
        config.votingPeriod += 2;
        _expectAtOnce(config);

        config.maxMailAge += 1;
        _expectWaits(config);
        config.maxMailAge -= 2;
        _expectAtOnce(config);

        config.rootDelay -= 1;
        _expectWaits(config);
    }

    /// @dev Else the mails of all guardians could be without a root.
    function test_configure_laterRootsWaitUnlessOneIsPinned() external {
        IEmailRecovery.RecoveryConfig memory config = _strong();
        config.rootDelay = 90 days;
        _expectWaits(config);
        config.pinnedRoot = asRoot(77);
        _expectWaits(config);
        config.pinnedRoot = ROOT;
        config.rootDelay = 89 days;
        _expectAtOnce(config);
        vote(ALICE, NEW_KEY);
        vote(BOB, NEW_KEY);
        vm.assertEq(pendingKey(), NEW_KEY);
        cancel(ACCOUNT);
        config.rootDelay = 90 days;
        _expectWaits(config);
    }

    function test_configure_otherContractsAndOtherMailWait() external {
        IEmailRecovery.RecoveryConfig memory config = _strong();
        config.verifier = new MockProofVerifier();
        _expectWaits(config);
        config = _strong();
        config.registry = new KeyRegistryRoots(registrar, REGISTRY_DELAY);
        _expectWaits(config);
        config = _strong();
        config.undatedMail = IEmailRecovery.UndatedMail.Accept;
        _expectWaits(config);
        config = _strong();
        config.subjectForms = IEmailRecovery.SubjectForms.Sealed;
        _expectWaits(config);
    }

    /// @dev A root that counts can be pinned at once, against one that will be proposed.
    function test_configure_pinOfARootThatCountsIsAtOnce() external {
        IEmailRecovery.RecoveryConfig memory config = _strong();
        config.pinnedRoot = asRoot(77);
        _expectWaits(config);
        config.pinnedRoot = ROOT;
        _expectAtOnce(config);
        config.pinnedRoot = NEXT_ROOT;
        _expectWaits(config);
        config.pinnedRoot = asRoot(0);
        _expectWaits(config);
    }

    /// @dev Where nobody could recover the account, nobody loses anything.
    function test_configure_isAtOnceWhereTheGuardiansHaveNotAccepted() external {
        IEmailRecovery.RecoveryConfig memory config = twoOfThree([ALICE, BOB, MALLORY]);
        configure(OTHER_ACCOUNT, config);
        config.threshold = 1;
        config.guardians = _first(config.guardians, 1);
        config.cancelThreshold = 1;
        configure(OTHER_ACCOUNT, config);
        vm.assertEq(RECOVERY.configOf(address(OTHER_ACCOUNT)).threshold, 1);
        remove(OTHER_ACCOUNT);
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, address(OTHER_ACCOUNT))
        );
        RECOVERY.setupOf(address(OTHER_ACCOUNT));
    }

    // How a change waits

    function test_configure_logsTheChangeThatWaits() external {
        IEmailRecovery.RecoveryConfig memory config = _weak();
        uint256 from = block.timestamp + DELAY;
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.ChangeScheduled(
            address(ACCOUNT), _id(config), from, from + CHANGE_PERIOD, config, ""
        );
        configure(ACCOUNT, config);
        IEmailRecovery.ScheduledChange memory waits = _waiting();
        vm.assertTrue(waits.id == _id(config));
        vm.assertEq(waits.applicableFrom, from);
        vm.assertEq(waits.lapsesAt, from + CHANGE_PERIOD);
    }

    /// @dev What is there goes on as it was: votes, guardians, the round.
    function test_configure_changesNothingWhileItWaits() external {
        vote(ALICE, NEW_KEY);
        uint64 before = nonce();
        configure(ACCOUNT, _weak());
        vm.assertEq(nonce(), before);
        vm.assertEq(abi.encode(RECOVERY.configOf(address(ACCOUNT))), abi.encode(_strong()));
        vote(BOB, NEW_KEY);
        vm.assertEq(pendingKey(), NEW_KEY);
    }

    function test_applyChange_byAnybodyFromItsTimeUntilItLapses() external {
        configure(ACCOUNT, _weak());
        IEmailRecovery.ScheduledChange memory waits = _waiting();
        vm.warp(waits.applicableFrom - 1);
        _refuseToApply(
            _weak(),
            abi.encodeWithSelector(
                IEmailRecovery.ChangeNotDue.selector, block.timestamp, waits.applicableFrom
            )
        );
        uint256 state = vm.snapshotState();
        vm.warp(waits.applicableFrom);
        _apply(_weak());
        vm.revertToState(state);
        vm.warp(waits.lapsesAt - 1);
        _apply(_weak());
        vm.assertTrue(_waiting().id == 0);
        vm.revertToState(state);
        vm.warp(waits.lapsesAt);
        vm.assertEq(_waiting().applicableFrom, 0);
        _refuseToApply(
            _weak(),
            abi.encodeWithSelector(
                IEmailRecovery.ChangeLapsed.selector, block.timestamp, waits.lapsesAt
            )
        );
        // It begins to wait anew.
        configure(ACCOUNT, _weak());
        vm.assertEq(_waiting().applicableFrom, block.timestamp + DELAY);
    }

    function test_applyChange_revertsWhenItIsAnother() external {
        _refuseToApply(_weak(), _notScheduled(_weak()));
        configure(ACCOUNT, _weak());
        vm.warp(block.timestamp + DELAY);
        IEmailRecovery.RecoveryConfig memory other = _weak();
        other.guardians[0].guardian = MALLORY;
        _refuseToApply(other, _notScheduled(other));
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.ChangeNotScheduled.selector,
                address(ACCOUNT),
                keccak256(abi.encode(_weak(), bytes("settings")))
            )
        );
        RECOVERY.applyChange(address(ACCOUNT), _weak(), "settings");
        _apply(_weak());
        _refuseToApply(_weak(), _notScheduled(_weak()));
    }

    function test_applyChange_revertsWhenNotConfigured() external {
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, relayer));
        RECOVERY.applyChange(relayer, _weak(), "");
    }

    /// @dev Guardians who have begun are not stopped by it.
    function test_applyChange_revertsWhenARecoveryIsPending() external {
        configure(ACCOUNT, _weak());
        vote(ALICE, NEW_KEY);
        vote(BOB, NEW_KEY);
        vm.warp(block.timestamp + DELAY);
        _refuseToApply(
            _weak(),
            abi.encodeWithSelector(
                IEmailRecovery.RecoveryPending.selector, address(ACCOUNT), nonce()
            )
        );
    }

    /// @dev Its contracts are asked again: they may have gone meanwhile.
    function test_applyChange_revertsWhenTheVerifierHasGone() external {
        IEmailRecovery.RecoveryConfig memory config = _strong();
        MockProofVerifier next = new MockProofVerifier();
        config.verifier = next;
        configure(ACCOUNT, config);
        vm.etch(address(next), "");
        vm.warp(block.timestamp + DELAY);
        _refuseToApply(
            config, abi.encodeWithSelector(IEmailRecovery.NoCode.selector, address(next))
        );
    }

    function test_configure_againAppliesWhatHasWaited() external {
        configure(ACCOUNT, _weak());
        IEmailRecovery.ScheduledChange memory waits = _waiting();
        vm.warp(waits.applicableFrom - 1);
        // To ask again does not make it wait longer.
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.ChangeNotDue.selector, block.timestamp, waits.applicableFrom
            )
        );
        vm.prank(address(ACCOUNT));
        RECOVERY.configure(_weak());
        vm.warp(waits.applicableFrom);
        configure(ACCOUNT, _weak());
        vm.assertEq(RECOVERY.configOf(address(ACCOUNT)).threshold, 1);
    }

    function test_configure_takesThePlaceOfTheChangeThatWaits() external {
        configure(ACCOUNT, _weak());
        vm.warp(block.timestamp + DELAY);
        IEmailRecovery.RecoveryConfig memory other = _weak();
        other.cancelThreshold = 1;
        configure(ACCOUNT, other);
        vm.assertEq(_waiting().applicableFrom, block.timestamp + DELAY);
        _refuseToApply(_weak(), _notScheduled(_weak()));
    }

    /// @dev A stronger configuration makes an end of a weaker one that waits.
    function test_configure_atOnceEndsTheChangeThatWaits() external {
        configure(ACCOUNT, _weak());
        configure(ACCOUNT, _strong());
        vm.assertTrue(_waiting().id == 0);
        vm.warp(block.timestamp + DELAY);
        _refuseToApply(_weak(), _notScheduled(_weak()));
    }

    function test_cancelChange_byTheAccount() external {
        configure(ACCOUNT, _weak());
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.ChangeCancelled(address(ACCOUNT), _id(_weak()));
        callAs(ACCOUNT, address(RECOVERY), abi.encodeCall(IEmailRecovery.cancelChange, ()));
        vm.assertTrue(_waiting().id == 0);
        vm.warp(block.timestamp + DELAY);
        _refuseToApply(_weak(), _notScheduled(_weak()));
    }

    function test_cancelChange_revertsWhenNoneWaits() external {
        vm.prank(address(ACCOUNT));
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.ChangeNotScheduled.selector, address(ACCOUNT), bytes32(0)
            )
        );
        RECOVERY.cancelChange();
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, relayer));
        vm.prank(relayer);
        RECOVERY.cancelChange();
    }

    /// @dev The thief's wish is not the new owner's.
    function test_execute_endsTheChangeThatWaits() external {
        vote(ALICE, NEW_KEY);
        configure(ACCOUNT, _weak());
        vote(BOB, NEW_KEY);
        vm.warp(pending().executableFrom);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.ChangeCancelled(address(ACCOUNT), _id(_weak()));
        RECOVERY.execute(address(ACCOUNT));
        vm.assertEq(ACCOUNT.owner(), NEW_KEY);
        _refuseToApply(_weak(), _notScheduled(_weak()));
    }

    // Leaving

    function test_remove_waitsForTheDelay() external {
        uint256 from = block.timestamp + DELAY;
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RemovalScheduled(address(ACCOUNT), from, from + CHANGE_PERIOD);
        remove(ACCOUNT);
        vm.assertEq(guardian(ALICE).weight, 1);
        vm.warp(from - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.ChangeNotDue.selector, from - 1, from)
        );
        vm.prank(address(ACCOUNT));
        RECOVERY.remove();
        vm.warp(from);
        vm.expectEmit(address(RECOVERY));
        emit IEmailRecovery.RecoveryRemoved(address(ACCOUNT));
        remove(ACCOUNT);
        vm.assertTrue(_waiting().id == 0);
        vm.assertEq(_waiting().applicableFrom, 0);
        vm.assertEq(RECOVERY.settingsOf(address(ACCOUNT)), "");
    }

    function test_remove_waitsAnewWhenItHasLapsed() external {
        remove(ACCOUNT);
        vm.warp(block.timestamp + DELAY + CHANGE_PERIOD);
        remove(ACCOUNT);
        vm.assertEq(guardian(ALICE).weight, 1);
        vm.assertEq(_waiting().applicableFrom, block.timestamp + DELAY);
    }

    // The other half

    function test_settings_areRefusedWhereTheIntegrationHasNone() external {
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.SettingsNotEmpty.selector, 1));
        RECOVERY.requireSettings(address(ACCOUNT), hex"00");
        RECOVERY.requireSettings(address(ACCOUNT), "");
    }

    /// @dev Called directly it acts on its own storage, which nobody reads.
    function test_changes_calledDirectlyTouchNoAccount() external {
        EmailRecoveryChanges half = RECOVERY.CHANGES();
        vm.expectRevert(accountError(IEmailRecovery.NotConfigured.selector));
        half.removeFor(address(ACCOUNT));
        vm.expectRevert();
        half.configureFor(address(ACCOUNT), _weak(), "");
        vm.assertEq(abi.encode(RECOVERY.configOf(address(ACCOUNT))), abi.encode(_strong()));
    }

    /// @dev Else the other half would write where this one does not read.
    function test_storage_revertsWhenItIsNotTheFirst() external {
        vm.expectRevert(
            abi.encodeWithSelector(EmailRecoveryForwards.StorageNotFirst.selector, 1, 0)
        );
        new LateRecovery();
    }

    function _expectWaits(IEmailRecovery.RecoveryConfig memory config) private {
        uint256 state = vm.snapshotState();
        bytes memory before = abi.encode(RECOVERY.configOf(address(ACCOUNT)));
        configure(ACCOUNT, config);
        vm.assertEq(abi.encode(RECOVERY.configOf(address(ACCOUNT))), before);
        vm.assertTrue(_waiting().id == _id(config));
        vm.assertEq(
            _waiting().applicableFrom, block.timestamp + RECOVERY.configOf(address(ACCOUNT)).delay
        );
        vm.warp(_waiting().applicableFrom);
        _apply(config);
        vm.revertToState(state);
    }

    function _expectAtOnce(IEmailRecovery.RecoveryConfig memory config) private {
        configure(ACCOUNT, config);
        vm.assertEq(abi.encode(RECOVERY.configOf(address(ACCOUNT))), abi.encode(config));
        vm.assertTrue(_waiting().id == 0);
    }

    function _apply(IEmailRecovery.RecoveryConfig memory config) private {
        vm.prank(relayer);
        RECOVERY.applyChange(address(ACCOUNT), config, "");
        vm.assertEq(abi.encode(RECOVERY.configOf(address(ACCOUNT))), abi.encode(config));
    }

    function _refuseToApply(IEmailRecovery.RecoveryConfig memory config, bytes memory refusal)
        private
    {
        vm.expectRevert(refusal);
        RECOVERY.applyChange(address(ACCOUNT), config, "");
    }

    function _waiting() private view returns (IEmailRecovery.ScheduledChange memory) {
        return RECOVERY.scheduledChangeOf(address(ACCOUNT));
    }

    /// @dev Times in the middle, so that all of them can be longer and shorter.
    function _strong() private view returns (IEmailRecovery.RecoveryConfig memory config) {
        config = defaultConfig();
        config.rootDelay = 1 hours;
    }

    function _weak() private view returns (IEmailRecovery.RecoveryConfig memory config) {
        config = _strong();
        config.threshold = 1;
    }

    function _notScheduled(IEmailRecovery.RecoveryConfig memory config)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IEmailRecovery.ChangeNotScheduled.selector, address(ACCOUNT), _id(config)
        );
    }

    function _id(IEmailRecovery.RecoveryConfig memory config) private pure returns (bytes32) {
        return keccak256(abi.encode(config, bytes("")));
    }

    function _first(IEmailRecovery.GuardianWeight[] memory all, uint256 count)
        private
        pure
        returns (IEmailRecovery.GuardianWeight[] memory some)
    {
        some = new IEmailRecovery.GuardianWeight[](count);
        for (uint256 i = 0; i < count; ++i) {
            some[i] = all[i];
        }
    }

    function _with(IEmailRecovery.GuardianWeight[] memory all, GuardianId guardian_, uint16 weight)
        private
        pure
        returns (IEmailRecovery.GuardianWeight[] memory more)
    {
        more = new IEmailRecovery.GuardianWeight[](all.length + 1);
        for (uint256 i = 0; i < all.length; ++i) {
            more[i] = all[i];
        }
        more[all.length] = IEmailRecovery.GuardianWeight(guardian_, weight);
    }
}
