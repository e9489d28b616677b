// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Account} from "@openzeppelin/contracts/account/Account.sol";
import {ERC7947EmailRecovery} from "../../contracts/accounts/ERC7947EmailRecovery.sol";
import {RecoverableAccount} from "../../contracts/accounts/RecoverableAccount.sol";
import {RecoverableAccountFactory} from "../../contracts/accounts/RecoverableAccountFactory.sol";
import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {IAccountRecovery, IRecoveryProvider} from "../../contracts/interfaces/IERC7947.sol";
import {RecoveryPublicInputs} from "../../contracts/interfaces/PublicInputs.sol";
import {AccountRecoveryTest} from "../support/accounts/AccountRecoveryTest.sol";
import {ClingingProvider, HostileERC7947Account} from "../support/accounts/HostileAccounts.sol";
import {UserOperations} from "../support/accounts/UserOperations.sol";

/// @notice An account of ERC-7947 and its provider: who may do what, in which order, and what
/// becomes of it when one of them misbehaves.
contract ERC7947EmailRecoveryTest is AccountRecoveryTest, UserOperations {
    ERC7947EmailRecovery private recovery;
    RecoverableAccount private account;
    address private place;
    Signer private oldOwner = makeSigner("owner who loses the key");
    Signer private newOwner = makeSigner("owner after the recovery");
    address private stranger = makeAddr("stranger");

    function setUp() public override {
        super.setUp();
        deployEntryPoint();
        recovery = new ERC7947EmailRecovery();
        account = new RecoverableAccountFactory(ENTRY_POINT).createAccount(oldOwner.addr, 0);
        place = address(account);
        vm.deal(place, 10 ether);
        vm.prank(oldOwner.addr);
        account.addRecoveryProvider(address(recovery), abi.encode(defaultConfig()));
    }

    // Subscription

    function test_addRecoveryProvider_subscribesByUserOperation() external {
        ERC7947EmailRecovery second = new ERC7947EmailRecovery();
        bytes memory data = abi.encode(defaultConfig());
        vm.expectEmit(place);
        emit IAccountRecovery.RecoveryProviderAdded(address(second));
        vm.expectEmit(address(second));
        emit IRecoveryProvider.AccountSubscribed(place);
        byOwner(abi.encodeCall(RecoverableAccount.addRecoveryProvider, (address(second), data)));
        vm.assertTrue(account.recoveryProviderAdded(address(second)));
        vm.assertTrue(account.recoveryProviderAdded(address(recovery)));
        vm.assertEq(second.getRecoveryData(place), data);
        (uint64 here,) = recovery.setupOf(place);
        (uint64 there,) = second.setupOf(place);
        vm.assertNotEq(here, there);
    }

    function test_addRecoveryProvider_revertsWhenCallerIsAStranger() external {
        vm.prank(stranger);
        vm.expectRevert(unauthorised(stranger));
        account.addRecoveryProvider(stranger, "");
        vm.prank(address(recovery));
        vm.expectRevert(unauthorised(address(recovery)));
        account.addRecoveryProvider(stranger, "");
    }

    function test_addRecoveryProvider_revertsWhenProviderIsZeroOrTheAccount() external {
        vm.startPrank(oldOwner.addr);
        vm.expectRevert(
            abi.encodeWithSelector(RecoverableAccount.InvalidRecoveryProvider.selector, address(0))
        );
        account.addRecoveryProvider(address(0), "");
        vm.expectRevert(
            abi.encodeWithSelector(RecoverableAccount.InvalidRecoveryProvider.selector, place)
        );
        account.addRecoveryProvider(place, "");
    }

    function test_addRecoveryProvider_revertsWhenAddedAlready() external {
        bytes memory data = abi.encode(defaultConfig());
        vm.prank(oldOwner.addr);
        vm.expectRevert(
            abi.encodeWithSelector(
                RecoverableAccount.RecoveryProviderAlreadyAdded.selector, address(recovery)
            )
        );
        account.addRecoveryProvider(address(recovery), data);
    }

    function test_addRecoveryProvider_revertsWhenProviderHasNoCode() external {
        vm.prank(oldOwner.addr);
        vm.expectRevert();
        account.addRecoveryProvider(stranger, "");
        vm.assertFalse(account.recoveryProviderAdded(stranger));
    }

    function test_subscribe_revertsWhenPaid() external {
        bytes memory data = abi.encode(defaultConfig());
        vm.deal(stranger, 1);
        vm.prank(stranger);
        vm.expectRevert(ERC7947EmailRecovery.ValueNotAccepted.selector);
        recovery.subscribe{value: 1}(data);
    }

    function test_unsubscribe_revertsWhenPaid() external {
        vm.deal(place, 1);
        vm.prank(place);
        vm.expectRevert(ERC7947EmailRecovery.ValueNotAccepted.selector);
        recovery.unsubscribe{value: 1}();
    }

    function test_removeRecoveryProvider_saysSoOnBothSides() external {
        vm.expectEmit(place);
        emit IAccountRecovery.RecoveryProviderRemoved(address(recovery));
        vm.expectEmit(address(recovery));
        emit IRecoveryProvider.AccountUnsubscribed(place);
        vm.prank(oldOwner.addr);
        account.removeRecoveryProvider(address(recovery));
        vm.assertEq(recovery.getRecoveryData(place), "");
    }

    function test_subscribe_revertsWhenDataIsNotAConfiguration() external {
        vm.prank(stranger);
        vm.expectRevert();
        recovery.subscribe(hex"00");
    }

    function test_unsubscribe_revertsWhenNotSubscribed() external {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, stranger));
        recovery.unsubscribe();
    }

    function test_getRecoveryData_isEmptyWhereNothingIsConfigured() external view {
        vm.assertEq(recovery.getRecoveryData(stranger), "");
        vm.assertEq(recovery.getRecoveryData(place), abi.encode(defaultConfig()));
    }

    // The whole way

    function test_execute_givesTheAccountToTheNewOwner() external {
        matureRecovery(recovery, place, newOwner.addr);
        vm.expectEmit(place);
        emit RecoverableAccount.OwnerChanged(oldOwner.addr, newOwner.addr);
        vm.expectEmit(place);
        emit IAccountRecovery.AccessRecovered(abi.encode(newOwner.addr));
        execute(recovery, place);
        vm.assertEq(account.owner(), newOwner.addr);

        bytes memory toStranger =
            abi.encodeCall(RecoverableAccount.execute, (stranger, 1 ether, ""));
        handle(signed(operation(place, 0, toStranger), newOwner));
        vm.assertEq(stranger.balance, 1 ether);
        vm.expectRevert(signatureError());
        this.handleSigned(toStranger, oldOwner);
    }

    function test_recoverAccess_isTheSameFromTheAccountsSide() external {
        matureRecovery(recovery, place, newOwner.addr);
        (uint64 nonce_,,) = recovery.roundOf(place);
        vm.expectEmit(address(recovery));
        emit IEmailRecovery.RecoveryExecuted(place, nonce_, asOwner(newOwner.addr));
        vm.prank(relayer);
        bool done = account.recoverAccess(abi.encode(newOwner.addr), address(recovery), "");
        vm.assertTrue(done);
        vm.assertEq(account.owner(), newOwner.addr);
        vm.assertEq(pendingKey(recovery, place), address(0));
    }

    function test_recoverAccess_revertsWhenExecutedAlready() external {
        matureRecovery(recovery, place, newOwner.addr);
        execute(recovery, place);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NoRecoveryPending.selector, place));
        account.recoverAccess(abi.encode(newOwner.addr), address(recovery), "");
    }

    function test_execute_revertsWhenRecoveredAlready() external {
        matureRecovery(recovery, place, newOwner.addr);
        account.recoverAccess(abi.encode(newOwner.addr), address(recovery), "");
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NoRecoveryPending.selector, place));
        execute(recovery, place);
    }

    function test_execute_againByTheNextMails() external {
        matureRecovery(recovery, place, newOwner.addr);
        execute(recovery, place);
        vote(recovery, place, ALICE, oldOwner.addr);
        vote(recovery, place, BOB, oldOwner.addr);
        vm.warp(block.timestamp + DELAY);
        execute(recovery, place);
        vm.assertEq(account.owner(), oldOwner.addr);
    }

    // What recoverAccess refuses

    function test_recoverAccess_revertsWhenProviderIsNotTheAccounts() external {
        matureRecovery(recovery, place, newOwner.addr);
        ClingingProvider yes = new ClingingProvider();
        vm.expectRevert(notAdded(address(yes)));
        account.recoverAccess(abi.encode(newOwner.addr), address(yes), "");
        vm.expectRevert(notAdded(address(0)));
        account.recoverAccess(abi.encode(newOwner.addr), address(0), "");
    }

    function test_recoverAccess_revertsWhenSubjectIsNotOneAddress() external {
        matureRecovery(recovery, place, newOwner.addr);
        bytes[4] memory subjects = [
            bytes(""),
            abi.encodePacked(newOwner.addr),
            abi.encode(newOwner.addr, uint256(0)),
            abi.encode(uint256(uint160(newOwner.addr)) | (1 << 160))
        ];
        for (uint256 i = 0; i < subjects.length; ++i) {
            vm.expectRevert(RecoverableAccount.InvalidSubject.selector);
            account.recoverAccess(subjects[i], address(recovery), "");
        }
        // The largest address is one: the provider is asked.
        bytes memory largest = abi.encode(type(uint160).max);
        bytes memory due = abi.encode(newOwner.addr);
        vm.expectRevert(
            abi.encodeWithSelector(ERC7947EmailRecovery.ObjectMismatch.selector, due, largest)
        );
        account.recoverAccess(largest, address(recovery), "");
    }

    function test_recoverAccess_revertsWhenKeyIsNotTheOneThatIsDue() external {
        matureRecovery(recovery, place, newOwner.addr);
        vm.expectRevert(
            abi.encodeWithSelector(
                ERC7947EmailRecovery.ObjectMismatch.selector,
                abi.encode(newOwner.addr),
                abi.encode(stranger)
            )
        );
        account.recoverAccess(abi.encode(stranger), address(recovery), "");
        vm.assertEq(pendingKey(recovery, place), newOwner.addr);
    }

    function test_recoverAccess_revertsWhenThereIsAProof() external {
        matureRecovery(recovery, place, newOwner.addr);
        vm.expectRevert(ERC7947EmailRecovery.ProofNotEmpty.selector);
        account.recoverAccess(abi.encode(newOwner.addr), address(recovery), hex"00");
    }

    function test_recoverAccess_revertsWhenNothingIsPending() external {
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NoRecoveryPending.selector, place));
        account.recoverAccess(abi.encode(newOwner.addr), address(recovery), "");
    }

    function test_recoverAccess_revertsWhenDelayHasNotPassed() external {
        startRecovery(recovery, place, newOwner.addr);
        vm.warp(block.timestamp + DELAY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.DelayNotPassed.selector, block.timestamp, block.timestamp + 1
            )
        );
        account.recoverAccess(abi.encode(newOwner.addr), address(recovery), "");
    }

    function test_recoverAccess_revertsWhenExpired() external {
        startRecovery(recovery, place, newOwner.addr);
        vm.warp(block.timestamp + EXPIRY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.RecoveryExpired.selector, block.timestamp, block.timestamp
            )
        );
        account.recoverAccess(abi.encode(newOwner.addr), address(recovery), "");
    }

    function test_recover_revertsWhenCallerIsNoAccount() external {
        matureRecovery(recovery, place, newOwner.addr);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, stranger));
        recovery.recover(abi.encode(newOwner.addr), "");
    }

    function test_vote_revertsWhenNewKeyIsTheAccount() external {
        accept(recovery, place, ALICE);
        ensureRound(recovery, place);
        RecoveryPublicInputs memory inputs =
            mail(ALICE, recovery.recoverySubject(place, asOwner(place)));
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.InvalidNewOwner.selector, place, asOwner(place))
        );
        recovery.vote(place, asOwner(place), inputs, "");
    }

    function test_vote_revertsWhenMailIsForAnotherChain() external {
        accept(recovery, place, ALICE);
        ensureRound(recovery, place);
        RecoveryPublicInputs memory inputs =
            mail(ALICE, recovery.recoverySubject(place, asOwner(newOwner.addr)));
        vm.chainId(1);
        RecoveryPublicInputs memory expected =
            mail(ALICE, recovery.recoverySubject(place, asOwner(newOwner.addr)));
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.SubjectMismatch.selector, expected.subject, inputs.subject
            )
        );
        recovery.vote(place, asOwner(newOwner.addr), inputs, "");
    }

    function test_vote_revertsWhenMailIsForAnotherProviderOfTheAccount() external {
        ERC7947EmailRecovery second = new ERC7947EmailRecovery();
        vm.prank(oldOwner.addr);
        account.addRecoveryProvider(address(second), abi.encode(defaultConfig()));
        accept(second, place, ALICE);
        ensureRound(recovery, place);
        ensureRound(second, place);
        RecoveryPublicInputs memory inputs =
            mail(ALICE, recovery.recoverySubject(place, asOwner(newOwner.addr)));
        RecoveryPublicInputs memory expected =
            mail(ALICE, second.recoverySubject(place, asOwner(newOwner.addr)));
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.SubjectMismatch.selector, expected.subject, inputs.subject
            )
        );
        second.vote(place, asOwner(newOwner.addr), inputs, "");
    }

    // The owner's ways out

    function test_cancel_byUserOperationOfTheOwner() external {
        startRecovery(recovery, place, newOwner.addr);
        byOwner(toRecovery(abi.encodeCall(IEmailRecovery.cancel, ())));
        vm.assertEq(pendingKey(recovery, place), address(0));
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NoRecoveryPending.selector, place));
        execute(recovery, place);
        vm.assertEq(account.owner(), oldOwner.addr);
    }

    function test_cancel_revertsWhenCallerIsTheOwnerAndNotTheAccount() external {
        startRecovery(recovery, place, newOwner.addr);
        vm.prank(oldOwner.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, oldOwner.addr)
        );
        recovery.cancel();
    }

    function test_removeRecoveryProvider_endsAPendingRecovery() external {
        matureRecovery(recovery, place, newOwner.addr);
        byOwner(abi.encodeCall(RecoverableAccount.removeRecoveryProvider, (address(recovery))));
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, place));
        execute(recovery, place);
        vm.expectRevert(notAdded(address(recovery)));
        account.recoverAccess(abi.encode(newOwner.addr), address(recovery), "");
        vm.assertEq(account.owner(), oldOwner.addr);
    }

    function test_removeRecoveryProvider_andBackBeginsAnew() external {
        matureRecovery(recovery, place, newOwner.addr);
        (uint64 before,) = recovery.setupOf(place);
        bytes memory data = abi.encode(defaultConfig());
        vm.startPrank(oldOwner.addr);
        account.removeRecoveryProvider(address(recovery));
        account.addRecoveryProvider(address(recovery), data);
        vm.stopPrank();
        (uint64 after_,) = recovery.setupOf(place);
        vm.assertNotEq(after_, before);
        vm.assertFalse(recovery.guardianOf(place, ALICE).accepted);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NoRecoveryPending.selector, place));
        execute(recovery, place);
    }

    function test_removeRecoveryProvider_revertsWhenNotAdded() external {
        vm.prank(oldOwner.addr);
        vm.expectRevert(notAdded(stranger));
        account.removeRecoveryProvider(stranger);
    }

    function test_removeRecoveryProvider_revertsWhenCallerIsAStranger() external {
        vm.prank(stranger);
        vm.expectRevert(unauthorised(stranger));
        account.removeRecoveryProvider(address(recovery));
    }

    function test_removeRecoveryProvider_evenIfTheProviderRefuses() external {
        ClingingProvider clinging = new ClingingProvider();
        vm.startPrank(oldOwner.addr);
        account.addRecoveryProvider(address(clinging), "");
        vm.expectEmit(place);
        emit IAccountRecovery.RecoveryProviderRemoved(address(clinging));
        account.removeRecoveryProvider(address(clinging));
        vm.stopPrank();
        vm.expectRevert(notAdded(address(clinging)));
        account.recoverAccess(abi.encode(stranger), address(clinging), "");
    }

    function test_removeRecoveryProvider_evenIfTheProviderIsGone() external {
        ClingingProvider clinging = new ClingingProvider();
        vm.startPrank(oldOwner.addr);
        account.addRecoveryProvider(address(clinging), "");
        vm.etch(address(clinging), "");
        account.removeRecoveryProvider(address(clinging));
        vm.assertFalse(account.recoveryProviderAdded(address(clinging)));
    }

    /// @dev Whoever sends the removal can't leave the configuration behind by giving just enough gas
    /// for all but the farewell, however many guardians there are.
    function test_removeRecoveryProvider_forgetsWithWhateverGas() external {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.guardians = new IEmailRecovery.GuardianWeight[](16);
        for (uint256 i = 0; i < 16; ++i) {
            config.guardians[i] = IEmailRecovery.GuardianWeight(asGuardian(i + 1), 1);
        }
        config.guardians[0].guardian = ALICE;
        config.guardians[1].guardian = BOB;
        vm.prank(place);
        recovery.configure(config);
        startRecovery(recovery, place, newOwner.addr);
        bytes memory removal =
            abi.encodeCall(RecoverableAccount.removeRecoveryProvider, (address(recovery)));
        uint256 before = vm.snapshotState();
        uint256 removed;
        for (uint256 gas_ = 20_000; gas_ < 1_300_000; gas_ += 20_000) {
            vm.prank(oldOwner.addr);
            (bool ok, bytes memory answer) = place.call{gas: gas_}(removal);
            if (ok) {
                vm.assertEq(pendingKey(recovery, place), address(0));
                vm.assertEq(recovery.getRecoveryData(place), "");
                vm.revertToState(before);
                ++removed;
            } else if (gas_ > 200_000) {
                bytes32 selector = bytes32(RecoverableAccount.NotEnoughGas.selector);
                vm.assertEq(bytes32(bytes4(answer)), selector);
            }
        }
        vm.assertGt(removed, 5);
    }

    /// @dev A provider that burns what it gets keeps nobody.
    function test_removeRecoveryProvider_evenIfTheProviderBurnsItsGas() external {
        ClingingProvider clinging = new ClingingProvider();
        vm.startPrank(oldOwner.addr);
        account.addRecoveryProvider(address(clinging), "");
        vm.etch(address(clinging), hex"fe");
        account.removeRecoveryProvider{gas: 1_200_000}(address(clinging));
        vm.assertFalse(account.recoveryProviderAdded(address(clinging)));
    }

    /// @dev Ether that comes with the removal goes to the provider.
    function test_removeRecoveryProvider_passesTheValueOn() external {
        ClingingProvider taker = new ClingingProvider();
        vm.deal(oldOwner.addr, 3);
        vm.startPrank(oldOwner.addr);
        account.addRecoveryProvider(address(taker), "");
        vm.etch(address(taker), hex"00");
        uint256 before = place.balance;
        account.removeRecoveryProvider{value: 3}(address(taker));
        vm.assertEq(address(taker).balance, 3);
        vm.assertEq(place.balance, before);
    }

    function test_execute_revertsWhenTheAccountDoesNotTrustTheProvider() external {
        ERC7947EmailRecovery second = new ERC7947EmailRecovery();
        bytes memory configure = abi.encodeCall(IEmailRecovery.configure, (defaultConfig()));
        vm.prank(oldOwner.addr);
        account.execute(address(second), 0, configure);
        matureRecovery(second, place, newOwner.addr);
        vm.expectRevert(notAdded(address(second)));
        execute(second, place);

        // Nothing is lost: the account may still add it, and the recovery is where it was.
        vm.assertEq(pendingKey(second, place), newOwner.addr);

        // Or for a day; then guardians need not wait for the expiry.
        vm.warp(block.timestamp + 1 days);
        second.discard(place);
        vm.assertEq(pendingKey(second, place), address(0));
    }

    function test_owner_isNotChangedByTheProviderDirectly() external {
        vm.startPrank(address(recovery));
        vm.expectRevert(unauthorised(address(recovery)));
        account.changeOwner(stranger);
        vm.expectRevert(unauthorised(address(recovery)));
        account.execute(stranger, 1, "");
        vm.expectRevert(unauthorised(address(recovery)));
        account.removeRecoveryProvider(address(recovery));
    }

    // Hostile accounts: they harm nobody but themselves

    function test_execute_revertsWhenTheAccountAgreesWithoutAsking() external {
        address hostile = hostileAccount(HostileERC7947Account.Deed.AgreeWithoutAsking);
        expectNotRecovered(hostile);
    }

    function test_execute_revertsWhenTheAccountAsksAndDisagrees() external {
        address hostile = hostileAccount(HostileERC7947Account.Deed.AskAndDisagree);
        expectNotRecovered(hostile);
    }

    function test_execute_revertsWhenTheAccountAsksTwice() external {
        expectNothingPending(hostileAccount(HostileERC7947Account.Deed.AskTwice));
    }

    function test_execute_revertsWhenTheAccountAsksForAnotherKey() external {
        expectNothingPending(hostileAccount(HostileERC7947Account.Deed.AskForAnotherKey));
    }

    function test_execute_revertsWhenTheAccountExecutesAgain() external {
        expectNothingPending(hostileAccount(HostileERC7947Account.Deed.ExecuteAgain));
    }

    /// @dev The grant of the outer recovery is gone when the inner one comes back.
    function test_execute_revertsWhenTheAccountExecutesAnothersRecovery() external {
        address hostile = hostileAccount(HostileERC7947Account.Deed.ExecuteAnother);
        startRecovery(recovery, place, newOwner.addr);
        vm.warp(block.timestamp + DELAY);
        expectNothingPending(hostile);
        vm.assertEq(account.owner(), oldOwner.addr);
        execute(recovery, place);
        vm.assertEq(account.owner(), newOwner.addr);
    }

    /// @dev What is granted to one account, no other can take, be it for the same key.
    function test_execute_revertsWhenTheAccountHasAnotherRecoveredInItsPlace() external {
        address hostile = hostileAccount(HostileERC7947Account.Deed.RecoverAnother);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NoRecoveryPending.selector, place));
        execute(recovery, hostile);
        vm.assertEq(account.owner(), oldOwner.addr);
    }

    function test_execute_accountMayReconfigureItselfMeanwhile() external {
        address hostile = hostileAccount(HostileERC7947Account.Deed.Reconfigure);
        HostileERC7947Account(hostile).prepareConfig(defaultConfig());
        (uint64 before,) = recovery.setupOf(hostile);
        execute(recovery, hostile);
        (uint64 after_,) = recovery.setupOf(hostile);
        vm.assertNotEq(after_, before);
        vm.assertEq(pendingKey(recovery, hostile), address(0));
    }

    /// @dev So that an expected revert is that of the whole.
    function handleSigned(bytes calldata callData, Signer calldata signer) external {
        handle(signed(operation(place, 0, callData), signer));
    }

    /// @dev A user operation of the account, signed by the owner who is about to lose the key.
    function byOwner(bytes memory callData) private {
        handle(signed(operation(place, 0, callData), oldOwner));
    }

    function toRecovery(bytes memory data) private view returns (bytes memory) {
        return abi.encodeCall(RecoverableAccount.execute, (address(recovery), 0, data));
    }

    function hostileAccount(HostileERC7947Account.Deed deed) private returns (address) {
        HostileERC7947Account hostile = new HostileERC7947Account();
        hostile.addRecoveryProvider(address(recovery), abi.encode(defaultConfig()));
        hostile.prepare(deed, place);
        matureRecovery(recovery, address(hostile), newOwner.addr);
        return address(hostile);
    }

    function expectNotRecovered(address hostile) private {
        vm.expectRevert(
            abi.encodeWithSelector(ERC7947EmailRecovery.AccessNotRecovered.selector, hostile)
        );
        execute(recovery, hostile);
        vm.assertEq(pendingKey(recovery, hostile), newOwner.addr);
    }

    function expectNothingPending(address hostile) private {
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NoRecoveryPending.selector, hostile));
        execute(recovery, hostile);
        vm.assertEq(pendingKey(recovery, hostile), newOwner.addr);
    }

    function unauthorised(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Account.AccountUnauthorized.selector, caller);
    }

    function notAdded(address provider) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(RecoverableAccount.RecoveryProviderNotAdded.selector, provider);
    }
}
