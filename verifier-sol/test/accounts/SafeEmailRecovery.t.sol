// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {
    IModuleManager
} from "@safe-global/safe-smart-account/contracts/interfaces/IModuleManager.sol";
import {
    IOwnerManager
} from "@safe-global/safe-smart-account/contracts/interfaces/IOwnerManager.sol";
import {ISafe} from "@safe-global/safe-smart-account/contracts/interfaces/ISafe.sol";
import {Enum} from "@safe-global/safe-smart-account/contracts/libraries/Enum.sol";
import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {RecoveryPublicInputs} from "../../contracts/interfaces/PublicInputs.sol";
import {SafeEmailRecovery} from "../../contracts/modules/SafeEmailRecovery.sol";
import {AccountRecoveryTest} from "../support/accounts/AccountRecoveryTest.sol";
import {ForbiddingModuleGuard, HostileSafe} from "../support/accounts/HostileSafes.sol";
import {Safes} from "../support/accounts/Safes.sol";

/// @notice The module on published Safes: two of three owners must sign.
contract SafeEmailRecoveryTest is AccountRecoveryTest, Safes {
    address private constant SENTINEL = address(1);

    SafeEmailRecovery private recovery;
    ISafe private safe;
    address private place;
    Signer private first = makeSigner("first owner of the Safe");
    Signer private lost = makeSigner("owner who loses the key");
    Signer private third = makeSigner("third owner of the Safe");
    Signer private newOwner = makeSigner("owner after the recovery");
    Signer[] private majority;
    address private stranger = makeAddr("stranger");

    function setUp() public override {
        super.setUp();
        deploySafeContracts();
        recovery = new SafeEmailRecovery();
        majority.push(first);
        majority.push(third);
        safe = newSafe(owners(first, lost, third), 2);
        place = address(safe);
        enableAndConfigure(safe, majority, lost.addr);
    }

    // Installation

    function test_configureOwner_inOneTransactionWithEnabling() external view {
        vm.assertTrue(safe.isModuleEnabled(address(recovery)));
        vm.assertEq(recovery.recoverableOwnerOf(place), lost.addr);
        vm.assertEq(abi.encode(recovery.configOf(place)), abi.encode(defaultConfig()));
    }

    function test_configureOwner_revertsWhenOwnerIsNone() external {
        address[3] memory none = [stranger, address(0), SENTINEL];
        for (uint256 i = 0; i < none.length; ++i) {
            vm.prank(place);
            vm.expectRevert(notOwner(none[i]));
            recovery.configureOwner(none[i], defaultConfig());
        }
    }

    function test_configureOwner_revertsWhenCallerIsNoSafe() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        vm.prank(stranger);
        vm.expectRevert();
        recovery.configureOwner(lost.addr, config);
        vm.prank(address(new ForbiddingModuleGuard()));
        vm.expectRevert();
        recovery.configureOwner(lost.addr, config);
    }

    function test_configureOwner_revertsWhenARecoveryIsPending() external {
        startRecovery(recovery, place, newOwner.addr);
        (uint64 nonce_,,) = recovery.roundOf(place);
        vm.prank(place);
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.RecoveryPending.selector, place, nonce_)
        );
        recovery.configureOwner(third.addr, defaultConfig());
        vm.assertEq(recovery.recoverableOwnerOf(place), lost.addr);
    }

    function test_configureOwner_voidsVotesForTheOtherOwner() external {
        accept(recovery, place, ALICE);
        vote(recovery, place, ALICE, newOwner.addr);
        (uint64 before,) = recovery.setupOf(place);
        vm.prank(place);
        recovery.configureOwner(third.addr, defaultConfig());
        (uint64 after_,) = recovery.setupOf(place);
        vm.assertNotEq(after_, before);
        vm.assertEq(recovery.guardianOf(place, ALICE).votedOwner, asVoted(address(0)));
    }

    function test_configure_keepsTheOwner() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.threshold = 3;
        vm.prank(place);
        recovery.configure(config);
        vm.assertEq(recovery.recoverableOwnerOf(place), lost.addr);
        vm.assertEq(recovery.configOf(place).threshold, 3);
    }

    function test_configure_revertsWhenNoOwnerWasNamed() external {
        ISafe other = newSafe(owners(first, third, lost), 1);
        vm.prank(address(other));
        vm.expectRevert(
            abi.encodeWithSelector(SafeEmailRecovery.NotOwner.selector, other, address(0))
        );
        recovery.configure(defaultConfig());
    }

    // The whole way

    function test_execute_swapsTheOwner() external {
        matureRecovery(recovery, place, newOwner.addr);
        vm.expectEmit(place);
        emit IOwnerManager.RemovedOwner(lost.addr);
        vm.expectEmit(place);
        emit IOwnerManager.AddedOwner(newOwner.addr);
        vm.expectEmit(place);
        emit IModuleManager.ExecutionFromModuleSuccess(address(recovery));
        execute(recovery, place);

        vm.assertTrue(safe.isOwner(newOwner.addr));
        vm.assertFalse(safe.isOwner(lost.addr));
        vm.assertTrue(safe.isOwner(first.addr));
        vm.assertTrue(safe.isOwner(third.addr));
        vm.assertEq(safe.getThreshold(), 2);
        vm.assertEq(safe.getOwners().length, 3);

        safeCall(safe, pair(newOwner, first), stranger, "");
        vm.expectRevert("GS026");
        this.callExternally(pair(lost, first));
    }

    function test_execute_atEveryPlaceOfTheList() external {
        Signer[3] memory who = [first, lost, third];
        for (uint256 i = 0; i < who.length; ++i) {
            uint256 before = vm.snapshotState();
            vm.prank(place);
            recovery.configureOwner(who[i].addr, defaultConfig());
            matureRecovery(recovery, place, newOwner.addr);
            execute(recovery, place);
            vm.assertEq(safe.getOwners()[i], newOwner.addr);
            vm.assertFalse(safe.isOwner(who[i].addr));
            vm.revertToState(before);
        }
    }

    function test_execute_inASafeOfOneOwner() external {
        Signer[] memory only = new Signer[](1);
        only[0] = lost;
        ISafe small = newSafe(only, 1);
        enableAndConfigure(small, only, lost.addr);
        matureRecovery(recovery, address(small), newOwner.addr);
        execute(recovery, address(small));
        vm.assertEq(small.getOwners()[0], newOwner.addr);
        only[0] = newOwner;
        safeCall(small, only, stranger, "");
    }

    function test_execute_nextTimeReplacesTheNewOwner() external {
        matureRecovery(recovery, place, newOwner.addr);
        execute(recovery, place);
        vote(recovery, place, ALICE, lost.addr);
        vote(recovery, place, BOB, lost.addr);
        vm.warp(block.timestamp + DELAY);
        execute(recovery, place);
        vm.assertEq(safe.getOwners()[1], lost.addr);
        vm.assertFalse(safe.isOwner(newOwner.addr));
    }

    function test_execute_worksOnce() external {
        matureRecovery(recovery, place, newOwner.addr);
        execute(recovery, place);
        expectNoRecoveryPending();
    }

    /// @dev One module for each owner; mails for one are none for the other.
    function test_vote_revertsWhenMailIsForTheModuleOfAnotherOwner() external {
        SafeEmailRecovery second = new SafeEmailRecovery();
        vm.prank(place);
        second.configureOwner(third.addr, defaultConfig());
        accept(second, place, ALICE);
        ensureRound(second, place);
        ensureRound(recovery, place);
        expectSubjectMismatch(
            second,
            mail(ALICE, recovery.recoverySubject(place, asOwner(newOwner.addr))),
            mail(ALICE, second.recoverySubject(place, asOwner(newOwner.addr)))
        );
    }

    function test_vote_revertsWhenMailIsForAnotherChain() external {
        accept(recovery, place, ALICE);
        ensureRound(recovery, place);
        RecoveryPublicInputs memory inputs =
            mail(ALICE, recovery.recoverySubject(place, asOwner(newOwner.addr)));
        vm.chainId(1);
        expectSubjectMismatch(
            recovery, inputs, mail(ALICE, recovery.recoverySubject(place, asOwner(newOwner.addr)))
        );
    }

    // Which keys

    function test_vote_revertsWhenNewKeyCouldNotBeAnOwner() external {
        accept(recovery, place, ALICE);
        ensureRound(recovery, place);
        address[6] memory keys = [first.addr, lost.addr, third.addr, SENTINEL, place, address(0)];
        for (uint256 i = 0; i < keys.length; ++i) {
            RecoveryPublicInputs memory inputs =
                mail(ALICE, recovery.recoverySubject(place, asOwner(keys[i])));
            vm.expectRevert(
                abi.encodeWithSelector(
                    IEmailRecovery.InvalidNewOwner.selector, place, asOwner(keys[i])
                )
            );
            recovery.vote(place, asOwner(keys[i]), inputs, "");
        }
    }

    function test_execute_revertsWhenNewKeyBecameAnOwnerMeanwhile() external {
        matureRecovery(recovery, place, newOwner.addr);
        vm.prank(place);
        safe.addOwnerWithThreshold(newOwner.addr, 2);
        expectSwapFailed(first.addr);

        // The new one stands at the head of the list.
        vm.prank(place);
        safe.removeOwner(SENTINEL, newOwner.addr, 2);
        execute(recovery, place);
        vm.assertTrue(safe.isOwner(newOwner.addr));
    }

    // What changes between vote and execution

    function test_execute_revertsWhenTheOwnerIsGone() external {
        matureRecovery(recovery, place, newOwner.addr);
        vm.prank(place);
        safe.removeOwner(first.addr, lost.addr, 2);
        vm.expectRevert(notOwner(lost.addr));
        execute(recovery, place);
        vm.assertEq(pendingKey(recovery, place), newOwner.addr);

        vm.prank(place);
        safe.addOwnerWithThreshold(lost.addr, 2);
        execute(recovery, place);
        vm.assertTrue(safe.isOwner(newOwner.addr));
    }

    function test_execute_revertsWhenTheModuleIsDisabled() external {
        matureRecovery(recovery, place, newOwner.addr);
        disable();
        vm.expectRevert(abi.encodeWithSelector(SafeEmailRecovery.ModuleNotEnabled.selector, place));
        execute(recovery, place);
        vm.assertEq(pendingKey(recovery, place), newOwner.addr);

        vm.prank(place);
        safe.enableModule(address(recovery));
        execute(recovery, place);
        vm.assertTrue(safe.isOwner(newOwner.addr));
    }

    function test_execute_revertsWhenAModuleGuardForbids() external {
        matureRecovery(recovery, place, newOwner.addr);
        address guard = address(new ForbiddingModuleGuard());
        vm.prank(place);
        safe.setModuleGuard(guard);
        vm.expectRevert(ForbiddingModuleGuard.Forbidden.selector);
        execute(recovery, place);
        vm.assertEq(pendingKey(recovery, place), newOwner.addr);
        vm.warp(block.timestamp + 1 days);
        recovery.discard(place);
        vm.assertEq(pendingKey(recovery, place), address(0));
    }

    function test_removeDisabled_clearsWhatADisabledModuleKnew() external {
        startRecovery(recovery, place, newOwner.addr);
        (uint64 before,) = recovery.setupOf(place);
        disable();
        vm.prank(stranger);
        recovery.removeDisabled(place);
        vm.assertEq(recovery.recoverableOwnerOf(place), address(0));
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, place));
        recovery.setupOf(place);
        vm.assertNotEq(before, 0);

        vm.prank(place);
        safe.enableModule(address(recovery));
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, place));
        execute(recovery, place);

        vm.prank(place);
        recovery.configureOwner(lost.addr, defaultConfig());
        vm.assertFalse(recovery.guardianOf(place, ALICE).accepted);
    }

    function test_removeDisabled_revertsWhenEnabled() external {
        vm.expectRevert(abi.encodeWithSelector(SafeEmailRecovery.ModuleEnabled.selector, place));
        recovery.removeDisabled(place);
    }

    function test_removeDisabled_revertsWhenNotConfigured() external {
        address other = address(newSafe(owners(first, third, lost), 1));
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, other));
        recovery.removeDisabled(other);
    }

    /// @dev What a Safe has to do in two steps; to disable the module is one.
    function test_remove_waitsForTheDelay() external {
        startRecovery(recovery, place, newOwner.addr);
        safeCall(safe, majority, address(recovery), abi.encodeCall(IEmailRecovery.cancel, ()));
        safeCall(safe, majority, address(recovery), abi.encodeCall(IEmailRecovery.remove, ()));
        vm.assertEq(recovery.recoverableOwnerOf(place), lost.addr);
        vm.warp(block.timestamp + DELAY);
        safeCall(safe, majority, address(recovery), abi.encodeCall(IEmailRecovery.remove, ()));
        vm.assertEq(recovery.recoverableOwnerOf(place), address(0));
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, place));
        execute(recovery, place);
    }

    /// @dev Another owner to replace would be no help to who lost this one.
    function test_configureOwner_ofAnotherOwnerWaits() external {
        matureRecovery(recovery, place, newOwner.addr);
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        vm.startPrank(place);
        recovery.cancel();
        recovery.configureOwner(third.addr, config);
        vm.stopPrank();
        vm.assertEq(recovery.recoverableOwnerOf(place), lost.addr);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.ChangeNotScheduled.selector,
                place,
                keccak256(abi.encode(config, abi.encode(lost.addr)))
            )
        );
        recovery.applyChange(place, config, abi.encode(lost.addr));
        recovery.applyChange(place, config, abi.encode(third.addr));
        vm.assertEq(recovery.recoverableOwnerOf(place), third.addr);
    }

    /// @dev An owner who was dismissed while the change waited can't be the one to replace.
    function test_applyChange_revertsWhenTheOwnerIsGone() external {
        matureRecovery(recovery, place, newOwner.addr);
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        vm.startPrank(place);
        recovery.cancel();
        recovery.configureOwner(third.addr, config);
        safe.removeOwner(lost.addr, third.addr, 1);
        vm.stopPrank();
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(notOwner(third.addr));
        recovery.applyChange(place, config, abi.encode(third.addr));
    }

    function test_vote_revertsWhenTheOwnerIsNoAddress() external {
        ensureRound(recovery, place);
        bytes memory passkey = new bytes(84);
        RecoveryPublicInputs memory inputs = mail(ALICE, recovery.recoverySubject(place, passkey));
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.InvalidNewOwner.selector, place, passkey)
        );
        recovery.vote(place, passkey, inputs, "");
    }

    function test_cancel_needsTheThreshold() external {
        startRecovery(recovery, place, newOwner.addr);
        vm.prank(first.addr);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, first.addr));
        recovery.cancel();
        safeCall(safe, majority, address(recovery), abi.encodeCall(IEmailRecovery.cancel, ()));
        vm.warp(block.timestamp + DELAY);
        expectNoRecoveryPending();
    }

    function test_execTransactionFromModule_revertsWhenCallerIsNotTheModule() external {
        bytes memory swap =
            abi.encodeCall(IOwnerManager.swapOwner, (first.addr, lost.addr, stranger));
        vm.prank(stranger);
        vm.expectRevert("GS104");
        safe.execTransactionFromModule(place, 0, swap, Enum.Operation.Call);
    }

    // Large Safes

    function test_execute_revertsWhenThereAreTooManyOwnersToSearch() external {
        (ISafe large, Signer[] memory all) = largeSafe(65);
        matureRecovery(recovery, address(large), newOwner.addr);
        vm.expectRevert(abi.encodeWithSelector(SafeEmailRecovery.TooManyOwners.selector, 65, 64));
        execute(recovery, address(large));

        // Which is no refusal of the Safe's.
        vm.warp(block.timestamp + 1 days);
        (uint64 nonce_,,) = recovery.roundOf(address(large));
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.RecoveryStillLive.selector, address(large), nonce_
            )
        );
        recovery.discard(address(large));
        vm.prank(relayer);
        recovery.executeAfter(address(large), all[63].addr);
        vm.assertEq(large.getOwners()[64], newOwner.addr);
    }

    function test_execute_searchesAsManyOwnersAsItMay() external {
        (ISafe large,) = largeSafe(64);
        matureRecovery(recovery, address(large), newOwner.addr);
        execute(recovery, address(large));
        vm.assertEq(large.getOwners()[63], newOwner.addr);
    }

    /// @dev The largest that {execute} searches: its refusal decides.
    function test_discard_endsWhatASafeOfSixtyFourOwnersRefuses() external {
        (ISafe large,) = largeSafe(64);
        matureRecovery(recovery, address(large), newOwner.addr);
        vm.prank(address(large));
        large.disableModule(SENTINEL, address(recovery));
        vm.warp(block.timestamp + 1 days);
        recovery.discard(address(large));
        vm.assertEq(recovery.pendingRecoveryOf(address(large)).executableFrom, 0);
    }

    function test_executeAfter_revertsWhenThePlaceIsWrong() external {
        matureRecovery(recovery, place, newOwner.addr);
        address[5] memory wrong = [SENTINEL, lost.addr, third.addr, stranger, place];
        for (uint256 i = 0; i < wrong.length; ++i) {
            vm.expectRevert(swapFailed(wrong[i]));
            recovery.executeAfter(place, wrong[i]);
        }
        recovery.executeAfter(place, first.addr);
        vm.assertTrue(safe.isOwner(newOwner.addr));
    }

    function test_executeAfter_withZeroSearches() external {
        matureRecovery(recovery, place, newOwner.addr);
        recovery.executeAfter(place, address(0));
        vm.assertTrue(safe.isOwner(newOwner.addr));
    }

    function test_executeAfter_revertsWhenNothingIsPending() external {
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NoRecoveryPending.selector, place));
        recovery.executeAfter(place, first.addr);
    }

    // Hostile Safes

    function test_execute_revertsWhenTheSafeRefuses() external {
        address hostile = hostileSafe(HostileSafe.Deed.Refuse);
        vm.expectRevert(
            abi.encodeWithSelector(
                SafeEmailRecovery.SwapFailed.selector, hostile, SENTINEL, lost.addr, newOwner.addr
            )
        );
        execute(recovery, hostile);
        vm.assertEq(recovery.recoverableOwnerOf(hostile), lost.addr);
    }

    function test_execute_revertsWhenTheSafeExecutesAgain() external {
        address hostile = hostileSafe(HostileSafe.Deed.ExecuteAgain);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NoRecoveryPending.selector, hostile));
        execute(recovery, hostile);
    }

    /// @dev The hint for the hostile Safe is none for the other.
    function test_executeAfter_aHostileSafeExecutesAnothersRecovery() external {
        address hostile = hostileSafe(HostileSafe.Deed.ExecuteAnother);
        startRecovery(recovery, place, newOwner.addr);
        vm.warp(block.timestamp + DELAY);
        recovery.executeAfter(hostile, stranger);
        vm.assertEq(safe.getOwners()[1], newOwner.addr);
        vm.assertEq(safe.getOwners().length, 3);
    }

    function test_execute_theSafeMayLeaveMeanwhile() external {
        address hostile = hostileSafe(HostileSafe.Deed.Remove);
        execute(recovery, hostile);
        // Its owner is another one already, so the next recovery would replace that one.
        vm.assertEq(recovery.recoverableOwnerOf(hostile), newOwner.addr);
        vm.assertEq(recovery.scheduledChangeOf(hostile).applicableFrom, block.timestamp + DELAY);
    }

    /// @dev So that an expected revert is that of the whole.
    function callExternally(Signer[] calldata signers) external {
        safeCall(safe, signers, stranger, "");
    }

    function enableAndConfigure(ISafe which, Signer[] memory signers, address owner_) private {
        safeCalls(
            which,
            signers,
            [address(which), address(recovery)],
            [
                abi.encodeCall(IModuleManager.enableModule, (address(recovery))),
                abi.encodeCall(SafeEmailRecovery.configureOwner, (owner_, defaultConfig()))
            ]
        );
    }

    function disable() private {
        safeCall(
            safe,
            majority,
            place,
            abi.encodeCall(IModuleManager.disableModule, (SENTINEL, address(recovery)))
        );
    }

    /// @dev The last of its owners is the one to replace.
    function largeSafe(uint256 count) private returns (ISafe large, Signer[] memory all) {
        all = new Signer[](count);
        for (uint256 i = 0; i < count; ++i) {
            all[i] = makeSigner(string.concat("owner ", vm.toString(i)));
        }
        large = newSafe(all, 1);
        Signer[] memory one = new Signer[](1);
        one[0] = all[0];
        enableAndConfigure(large, one, all[count - 1].addr);
    }

    function hostileSafe(HostileSafe.Deed deed) private returns (address) {
        HostileSafe hostile = new HostileSafe(lost.addr);
        hostile.configure(recovery, lost.addr, defaultConfig());
        hostile.prepare(deed, place);
        matureRecovery(recovery, address(hostile), newOwner.addr);
        return address(hostile);
    }

    function expectNoRecoveryPending() private {
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NoRecoveryPending.selector, place));
        execute(recovery, place);
    }

    function expectSwapFailed(address prevOwner) private {
        vm.expectRevert(swapFailed(prevOwner));
        execute(recovery, place);
        vm.assertEq(pendingKey(recovery, place), newOwner.addr);
        vm.assertEq(recovery.recoverableOwnerOf(place), lost.addr);
    }

    function expectSubjectMismatch(
        SafeEmailRecovery which,
        RecoveryPublicInputs memory got,
        RecoveryPublicInputs memory expected
    ) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.SubjectMismatch.selector, expected.subject, got.subject
            )
        );
        which.vote(place, asOwner(newOwner.addr), got, "");
    }

    function swapFailed(address prevOwner) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            SafeEmailRecovery.SwapFailed.selector, place, prevOwner, lost.addr, newOwner.addr
        );
    }

    function notOwner(address owner_) private view returns (bytes memory) {
        return abi.encodeWithSelector(SafeEmailRecovery.NotOwner.selector, place, owner_);
    }

    function pair(Signer memory one, Signer memory other)
        private
        pure
        returns (Signer[] memory both)
    {
        both = new Signer[](2);
        (both[0], both[1]) = (one, other);
    }

    function owners(Signer memory one, Signer memory two, Signer memory three)
        private
        pure
        returns (Signer[] memory all)
    {
        all = new Signer[](3);
        (all[0], all[1], all[2]) = (one, two, three);
    }
}
