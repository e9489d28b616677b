// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ERC7579Utils} from "@openzeppelin/contracts/account/utils/draft-ERC7579Utils.sol";
import {
    IERC7579Module,
    IERC7579Execution,
    IERC7579ModuleConfig,
    MODULE_TYPE_EXECUTOR,
    MODULE_TYPE_VALIDATOR
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {RecoveryPublicInputs} from "../../contracts/interfaces/PublicInputs.sol";
import {ERC7579EmailRecovery} from "../../contracts/modules/ERC7579EmailRecovery.sol";
import {KeyCallRules} from "../../contracts/modules/KeyCallRules.sol";
import {KeyCall, KeyCalls, KeyPlace} from "../../contracts/modules/KeyCalls.sol";
import {OwnerValidator} from "../../contracts/modules/OwnerValidator.sol";
import {AccountRecoveryTest} from "../support/accounts/AccountRecoveryTest.sol";
import {FickleValidator, HostileModularAccount} from "../support/accounts/HostileModules.sol";
import {ModularAccount} from "../support/accounts/ModularAccount.sol";
import {ModularAccounts} from "../support/accounts/ModularAccounts.sol";
import {Target} from "../support/accounts/Target.sol";

/// @notice The executor on OpenZeppelin's ERC-7579 account, installed by user operations.
contract ERC7579EmailRecoveryTest is AccountRecoveryTest, ModularAccounts {
    /// @dev Where the only argument of a setter begins to hold an address.
    uint16 private constant FIRST = 4 + 12;

    ERC7579EmailRecovery private recovery;
    ModularAccount private account;
    address private place;
    FickleValidator private fickle;
    Target private target;
    Signer private oldOwner = makeSigner("owner who loses the key");
    Signer private newOwner = makeSigner("owner after the recovery");
    address private stranger = makeAddr("stranger");

    function setUp() public override {
        super.setUp();
        deployEntryPoint();
        validator = new OwnerValidator();
        recovery = new ERC7579EmailRecovery();
        fickle = new FickleValidator();
        target = new Target();
        account = modularAccountAt(makeAddr("modular account"), oldOwner.addr);
        place = address(account);
        install(oldOwner, place, MODULE_TYPE_EXECUTOR, address(recovery), installData());
    }

    // Installation

    function test_installModule_configuresTheAccount() external view {
        vm.assertTrue(account.isModuleInstalled(MODULE_TYPE_EXECUTOR, address(recovery), ""));
        vm.assertTrue(recovery.isInitialized(place));
        vm.assertEq(abi.encode(recovery.configOf(place)), abi.encode(defaultConfig()));
        vm.assertEq(abi.encode(recovery.keyCallsOf(place)), abi.encode(changeOwnerCall()));
    }

    function test_onInstall_tellsTheCalls() external {
        ERC7579EmailRecovery second = new ERC7579EmailRecovery();
        uint256 before = vm.snapshotState();
        installAgainOn(second, installData());
        (uint64 drawn,) = second.setupOf(place);
        vm.revertToState(before);
        vm.expectEmit(address(second));
        emit IEmailRecovery.RecoveryConfigured(
            place, drawn, defaultConfig(), abi.encode(changeOwnerCall())
        );
        installAgainOn(second, installData());
    }

    function test_onInstall_revertsWhenInstalled() external {
        vm.prank(place);
        vm.expectRevert(
            abi.encodeWithSelector(ERC7579EmailRecovery.AlreadyInstalled.selector, place)
        );
        recovery.onInstall(installData());
    }

    function test_onInstall_revertsWhenThereIsNoData() external {
        ERC7579EmailRecovery second = new ERC7579EmailRecovery();
        vm.expectRevert();
        installAgainOn(second, "");
    }

    function test_onInstall_revertsWhenTargetIsNoValidatorOfTheAccount() external {
        ERC7579EmailRecovery second = new ERC7579EmailRecovery();
        address[4] memory targets =
            [address(fickle), address(recovery), address(second), address(0)];
        for (uint256 i = 0; i < targets.length; ++i) {
            KeyCall[] memory calls = changeOwnerCall();
            calls[0].target = targets[i];
            vm.expectRevert(
                abi.encodeWithSelector(KeyCallRules.TargetNotValidator.selector, place, targets[i])
            );
            installAgainOn(second, abi.encode(calls, defaultConfig()));
        }
    }

    function test_onInstall_revertsWhenCallsAreMalformed() external {
        ERC7579EmailRecovery second = new ERC7579EmailRecovery();
        KeyCall[] memory calls = changeOwnerCall();
        (calls[0].place, calls[0].keyOffset) = (KeyPlace.None, 0);
        vm.expectRevert(KeyCalls.KeyNotUsed.selector);
        installAgainOn(second, abi.encode(calls, defaultConfig()));
        vm.expectRevert(abi.encodeWithSelector(KeyCalls.KeyCallCount.selector, 0, 4));
        installAgainOn(second, abi.encode(new KeyCall[](0), defaultConfig()));
    }

    function test_onInstall_revertsWhenConfigurationIsInvalid() external {
        ERC7579EmailRecovery second = new ERC7579EmailRecovery();
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.threshold = 4;
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.InvalidThreshold.selector, 4, 3));
        installAgainOn(second, abi.encode(changeOwnerCall(), config));
    }

    function test_isModuleType_isThatOfAnExecutor() external view {
        vm.assertTrue(recovery.isModuleType(MODULE_TYPE_EXECUTOR));
        vm.assertFalse(recovery.isModuleType(MODULE_TYPE_VALIDATOR));
    }

    // The whole way

    function test_execute_givesTheAccountToTheNewOwner() external {
        matureRecovery(recovery, place, newOwner.addr);
        vm.expectEmit(address(validator));
        emit OwnerValidator.OwnerChanged(place, oldOwner.addr, newOwner.addr);
        execute(recovery, place);

        bytes memory set = abi.encodeCall(Target.set, (5));
        callBy(newOwner, place, address(target), set);
        vm.assertEq(target.caller(), place);
        vm.expectRevert(signatureError());
        this.callExternally(oldOwner, set);
    }

    function test_execute_worksOnce() external {
        matureRecovery(recovery, place, newOwner.addr);
        execute(recovery, place);
        expectNoRecoveryPending();
    }

    function test_execute_makesSeveralCallsAtOnce() external {
        install(oldOwner, place, MODULE_TYPE_VALIDATOR, address(fickle), "");
        KeyCall[] memory calls = new KeyCall[](2);
        calls[0] = changeOwnerCall()[0];
        calls[1] = setKeyCall();
        configureKeyCalls(calls);
        matureRecovery(recovery, place, newOwner.addr);
        execute(recovery, place);
        vm.assertEq(validator.ownerOf(place), newOwner.addr);
        vm.assertEq(fickle.keyOf(place), newOwner.addr);
    }

    /// @dev A validator without a setter: the account removes it and installs it with the new key.
    function test_execute_reinstallsAValidatorByCallsOfTheAccountToItself() external {
        KeyCall[] memory calls = new KeyCall[](2);
        calls[0] = KeyCall(
            place,
            KeyPlace.None,
            0,
            abi.encodeCall(
                IERC7579ModuleConfig.uninstallModule,
                (MODULE_TYPE_VALIDATOR, address(validator), "")
            )
        );
        calls[1] = KeyCall(
            place,
            KeyPlace.Key,
            4 + 4 * 32 + 12,
            abi.encodeCall(
                IERC7579ModuleConfig.installModule,
                (MODULE_TYPE_VALIDATOR, address(validator), abi.encode(address(0)))
            )
        );
        configureKeyCalls(calls);
        matureRecovery(recovery, place, newOwner.addr);
        execute(recovery, place);
        vm.assertEq(validator.ownerOf(place), newOwner.addr);
    }

    function test_execute_revertsWhenOneOfSeveralCallsFails() external {
        install(oldOwner, place, MODULE_TYPE_VALIDATOR, address(fickle), "");
        KeyCall[] memory calls = new KeyCall[](2);
        calls[0] = changeOwnerCall()[0];
        calls[1] = setKeyCall();
        configureKeyCalls(calls);
        matureRecovery(recovery, place, newOwner.addr);
        fickle.setRefuses(true);
        vm.expectRevert(FickleValidator.NotNow.selector);
        execute(recovery, place);
        vm.assertEq(validator.ownerOf(place), oldOwner.addr);

        fickle.setRefuses(false);
        execute(recovery, place);
        vm.assertEq(validator.ownerOf(place), newOwner.addr);
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

    // What changes between vote and execution

    function test_execute_revertsWhenValidatorWasUninstalled() external {
        matureRecovery(recovery, place, newOwner.addr);
        install(oldOwner, place, MODULE_TYPE_VALIDATOR, address(fickle), "");
        uninstall(oldOwner, place, MODULE_TYPE_VALIDATOR, address(validator), "");
        vm.expectRevert(
            abi.encodeWithSelector(
                KeyCallRules.TargetNotValidator.selector, place, address(validator)
            )
        );
        execute(recovery, place);

        vm.prank(place);
        account.installModule(MODULE_TYPE_VALIDATOR, address(validator), abi.encode(oldOwner.addr));
        execute(recovery, place);
        vm.assertEq(validator.ownerOf(place), newOwner.addr);
    }

    function test_execute_revertsWhenModuleWasUninstalled() external {
        matureRecovery(recovery, place, newOwner.addr);
        uninstall(oldOwner, place, MODULE_TYPE_EXECUTOR, address(recovery), "");
        vm.assertFalse(recovery.isInitialized(place));
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, place));
        execute(recovery, place);
    }

    /// @dev Some accounts remove a module without telling it, or in spite of its protest.
    function test_execute_revertsWhenModuleWasDroppedWithoutNotice() external {
        matureRecovery(recovery, place, newOwner.addr);
        dropWithoutNotice();
        vm.expectRevert(
            abi.encodeWithSelector(
                ERC7579Utils.ERC7579UninstalledModule.selector,
                MODULE_TYPE_EXECUTOR,
                address(recovery)
            )
        );
        execute(recovery, place);
        vm.assertEq(validator.ownerOf(place), oldOwner.addr);
    }

    function test_onInstall_revertsWhenDroppedWithoutNoticeUntilRemoved() external {
        startRecovery(recovery, place, newOwner.addr);
        (uint64 before,) = recovery.setupOf(place);
        dropWithoutNotice();
        vm.prank(place);
        vm.expectRevert(
            abi.encodeWithSelector(ERC7579EmailRecovery.AlreadyInstalled.selector, place)
        );
        account.installModule(MODULE_TYPE_EXECUTOR, address(recovery), installData());

        recovery.removeUninstalled(place);
        vm.prank(place);
        account.installModule(MODULE_TYPE_EXECUTOR, address(recovery), installData());
        (uint64 after_,) = recovery.setupOf(place);
        vm.assertNotEq(after_, before);
        vm.assertEq(pendingKey(recovery, place), address(0));
    }

    /// @dev What an account left behind, anybody clears; what it uses, nobody.
    function test_removeUninstalled_clearsWhatWasDroppedWithoutNotice() external {
        startRecovery(recovery, place, newOwner.addr);
        vm.expectRevert(
            abi.encodeWithSelector(ERC7579EmailRecovery.ModuleInstalled.selector, place)
        );
        recovery.removeUninstalled(place);
        dropWithoutNotice();
        vm.prank(stranger);
        recovery.removeUninstalled(place);
        vm.assertFalse(recovery.isInitialized(place));
        vm.assertEq(pendingKey(recovery, place), address(0));
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, place));
        recovery.removeUninstalled(place);
        install(oldOwner, place, MODULE_TYPE_EXECUTOR, address(recovery), installData());
        vm.assertFalse(recovery.guardianOf(place, ALICE).accepted);
    }

    /// @dev One call, exactly: in try mode an account would go on where its validator refuses.
    function test_execute_asksForACallThatMustNotFail() external {
        HostileModularAccount hostile = hostileAccount();
        hostile.prepare(abi.encodeCall(IEmailRecovery.pendingRecoveryOf, (address(hostile))));
        bytes memory set = abi.encodeCall(OwnerValidator.changeOwner, (newOwner.addr));
        vm.expectCall(
            address(hostile),
            abi.encodeCall(
                IERC7579Execution.executeFromExecutor,
                (bytes32(0), abi.encodePacked(address(validator), uint256(0), set))
            ),
            1
        );
        execute(recovery, address(hostile));
    }

    function test_uninstallModule_andBackBeginsAnew() external {
        matureRecovery(recovery, place, newOwner.addr);
        (uint64 before,) = recovery.setupOf(place);
        uninstall(oldOwner, place, MODULE_TYPE_EXECUTOR, address(recovery), "");
        vm.assertEq(recovery.keyCallsOf(place).length, 0);
        install(oldOwner, place, MODULE_TYPE_EXECUTOR, address(recovery), installData());
        (uint64 after_,) = recovery.setupOf(place);
        vm.assertNotEq(after_, before);
        vm.assertFalse(recovery.guardianOf(place, ALICE).accepted);
        expectNoRecoveryPending();
    }

    function test_uninstallModule_afterRemove() external {
        callBy(oldOwner, place, address(recovery), abi.encodeCall(IEmailRecovery.remove, ()));
        vm.assertFalse(recovery.isInitialized(place));
        uninstall(oldOwner, place, MODULE_TYPE_EXECUTOR, address(recovery), hex"ff");
        vm.assertFalse(account.isModuleInstalled(MODULE_TYPE_EXECUTOR, address(recovery), ""));
    }

    function test_onUninstall_byAStrangerDoesNothing() external {
        vm.prank(stranger);
        recovery.onUninstall("");
        vm.assertTrue(recovery.isInitialized(place));
    }

    // The account's other ways

    function test_cancel_byUserOperation() external {
        startRecovery(recovery, place, newOwner.addr);
        callBy(oldOwner, place, address(recovery), abi.encodeCall(IEmailRecovery.cancel, ()));
        vm.warp(block.timestamp + DELAY);
        expectNoRecoveryPending();
    }

    function test_configure_keepsTheCalls() external {
        accept(recovery, place, ALICE);
        vote(recovery, place, ALICE, newOwner.addr);
        (uint64 before,) = recovery.setupOf(place);
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.threshold = 1;
        vm.prank(place);
        recovery.configure(config);
        (uint64 after_,) = recovery.setupOf(place);
        vm.assertNotEq(after_, before);
        vm.assertEq(abi.encode(recovery.keyCallsOf(place)), abi.encode(changeOwnerCall()));
        vm.assertEq(recovery.guardianOf(place, ALICE).votedOwner, asVoted(address(0)));
    }

    function test_configure_revertsWhenNotInstalled() external {
        vm.startPrank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(ERC7579EmailRecovery.NotInstalled.selector, stranger)
        );
        recovery.configure(defaultConfig());
        vm.expectRevert(
            abi.encodeWithSelector(ERC7579EmailRecovery.NotInstalled.selector, stranger)
        );
        recovery.configureKeyCalls(changeOwnerCall(), defaultConfig());
    }

    function test_configureKeyCalls_revertsWhenARecoveryIsPending() external {
        startRecovery(recovery, place, newOwner.addr);
        (uint64 nonce_,,) = recovery.roundOf(place);
        vm.prank(place);
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.RecoveryPending.selector, place, nonce_)
        );
        recovery.configureKeyCalls(changeOwnerCall(), defaultConfig());
    }

    function test_remove_revertsWhenNotInstalled() external {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NotConfigured.selector, stranger));
        recovery.remove();
    }

    function test_executeFromExecutor_revertsWhenCallerIsNotTheModule() external {
        bytes memory call = abi.encodePacked(
            address(validator), uint256(0), abi.encodeCall(OwnerValidator.changeOwner, (stranger))
        );
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(
                ERC7579Utils.ERC7579UninstalledModule.selector, MODULE_TYPE_EXECUTOR, stranger
            )
        );
        account.executeFromExecutor(SINGLE, call);
    }

    // Hostile accounts

    function test_execute_revertsWhenTheAccountExecutesAgain() external {
        HostileModularAccount hostile = hostileAccount();
        hostile.prepare(abi.encodeCall(IEmailRecovery.execute, (address(hostile))));
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.NoRecoveryPending.selector, address(hostile))
        );
        execute(recovery, address(hostile));
        vm.assertEq(pendingKey(recovery, address(hostile)), newOwner.addr);
    }

    function test_execute_theAccountMayLeaveMeanwhile() external {
        HostileModularAccount hostile = hostileAccount();
        hostile.prepare(abi.encodeCall(IERC7579Module.onUninstall, ("")));
        execute(recovery, address(hostile));
        vm.assertFalse(recovery.isInitialized(address(hostile)));
        vm.assertEq(pendingKey(recovery, address(hostile)), address(0));
    }

    function test_execute_revertsWhenTheAccountIsNoERC7579Account() external {
        HostileModularAccount hostile = hostileAccount();
        vm.etch(address(hostile), type(Target).runtimeCode);
        vm.expectRevert();
        execute(recovery, address(hostile));
        vm.assertEq(pendingKey(recovery, address(hostile)), newOwner.addr);
    }

    /// @dev So that an expected revert is that of the whole.
    function callExternally(Signer calldata signer, bytes calldata data) external {
        callBy(signer, place, address(target), data);
    }

    function changeOwnerCall() private view returns (KeyCall[] memory calls) {
        calls = new KeyCall[](1);
        calls[0] = KeyCall(
            address(validator),
            KeyPlace.Key,
            FIRST,
            abi.encodeCall(OwnerValidator.changeOwner, (address(0)))
        );
    }

    function setKeyCall() private view returns (KeyCall memory) {
        return KeyCall(
            address(fickle),
            KeyPlace.Key,
            FIRST,
            abi.encodeCall(FickleValidator.setKey, (address(0)))
        );
    }

    function installData() private view returns (bytes memory) {
        return abi.encode(changeOwnerCall(), defaultConfig());
    }

    /// @dev As the entry point would after a valid user operation; the error comes through.
    function installAgainOn(ERC7579EmailRecovery second, bytes memory data) private {
        vm.prank(address(ENTRY_POINT));
        account.installModule(MODULE_TYPE_EXECUTOR, address(second), data);
    }

    function configureKeyCalls(KeyCall[] memory calls) private {
        callBy(
            oldOwner,
            place,
            address(recovery),
            abi.encodeCall(ERC7579EmailRecovery.configureKeyCalls, (calls, defaultConfig()))
        );
        vm.assertEq(abi.encode(recovery.keyCallsOf(place)), abi.encode(calls));
    }

    function dropWithoutNotice() private {
        vm.mockCall(address(recovery), abi.encodeCall(IERC7579Module.onUninstall, ("")), "");
        vm.prank(place);
        account.uninstallModule(MODULE_TYPE_EXECUTOR, address(recovery), "");
        vm.clearMockedCalls();
        vm.assertTrue(recovery.isInitialized(place));
    }

    function hostileAccount() private returns (HostileModularAccount hostile) {
        hostile = new HostileModularAccount();
        hostile.install(address(recovery), installData());
        matureRecovery(recovery, address(hostile), newOwner.addr);
    }

    function expectNoRecoveryPending() private {
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NoRecoveryPending.selector, place));
        execute(recovery, place);
    }
}
