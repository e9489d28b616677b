// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {MODULE_TYPE_EXECUTOR} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {
    IModuleManager
} from "@safe-global/safe-smart-account/contracts/interfaces/IModuleManager.sol";
import {ISafe} from "@safe-global/safe-smart-account/contracts/interfaces/ISafe.sol";
import {EmailRecovery} from "../../contracts/EmailRecovery.sol";
import {ERC7947EmailRecovery} from "../../contracts/accounts/ERC7947EmailRecovery.sol";
import {RecoverableAccount} from "../../contracts/accounts/RecoverableAccount.sol";
import {RecoverableAccountFactory} from "../../contracts/accounts/RecoverableAccountFactory.sol";
import {RecoverySubject} from "../../contracts/RecoverySubject.sol";
import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {ERC7579EmailRecovery} from "../../contracts/modules/ERC7579EmailRecovery.sol";
import {KeyCall, KeyPlace} from "../../contracts/modules/KeyCalls.sol";
import {OwnerValidator} from "../../contracts/modules/OwnerValidator.sol";
import {SafeEmailRecovery} from "../../contracts/modules/SafeEmailRecovery.sol";
import {SubjectWord, SUBJECT_WORDS} from "../../contracts/interfaces/PublicInputs.sol";
import {RealVerifier} from "../support/RealVerifier.sol";
import {RecoveryTest} from "../support/RecoveryTest.sol";
import {ModularAccounts} from "../support/accounts/ModularAccounts.sol";
import {NestedSignatures} from "../support/accounts/NestedSignatures.sol";
import {Safes} from "../support/accounts/Safes.sol";
import {Target} from "../support/accounts/Target.sol";

/// @notice The whole way of each integration: proofs by the prover, the generated verifier,
/// published entry point and Safe, a relayer without rights. Alice and Bob are two of three.
/// forge-config: default.isolate = true
contract AccountsWithRealProofsTest is
    RecoveryTest,
    RealVerifier,
    ModularAccounts,
    Safes,
    NestedSignatures
{
    RecoverableAccountFactory private constant FACTORY =
        RecoverableAccountFactory(0xFac7000000000000000000000000000000000001);
    ERC7947EmailRecovery private constant ACCOUNT_RECOVERY =
        ERC7947EmailRecovery(0x7eC0000000000000000000000000000000000011);
    ERC7579EmailRecovery private constant MODULAR_RECOVERY =
        ERC7579EmailRecovery(0x7eC0000000000000000000000000000000000012);
    SafeEmailRecovery private constant SAFE_RECOVERY =
        SafeEmailRecovery(0x7EC0000000000000000000000000000000000013);
    address private constant MODULAR_ACCOUNT = 0xacc0000000000000000000000000000000000012;

    /// @dev Where an account's state has its nonces; see `snapshots/storage-layout.json`.
    uint256 private constant ROUND_NONCE = 3;
    uint256 private constant SETUP_NONCE = 4;

    Target private target;
    Signer private oldOwner = makeSigner("owner who loses the key");
    Signer private newOwner = makeSigner("owner after the recovery");
    Signer private first = makeSigner("first owner of the Safe");
    Signer private third = makeSigner("third owner of the Safe");

    function setUp() public override {
        super.setUp();
        verifier = deployRealVerifier();
        acceptRoots(onlyRoot(registryRoot("first")));
        vm.warp(START);
        deployEntryPoint();
        deploySafeContracts();
        deployAt(
            address(FACTORY),
            abi.encodePacked(type(RecoverableAccountFactory).creationCode, abi.encode(ENTRY_POINT))
        );
        vm.etch(address(ACCOUNT_RECOVERY), address(new ERC7947EmailRecovery()).code);
        vm.etch(address(MODULAR_RECOVERY), address(new ERC7579EmailRecovery()).code);
        vm.etch(address(SAFE_RECOVERY), address(new SafeEmailRecovery()).code);
        validator = new OwnerValidator();
        target = new Target();
    }

    function test_recovers_anERC4337Account() external {
        RecoverableAccount account = installOnAccount();
        voteAll(ACCOUNT_RECOVERY, address(account), "account");
        expectTooEarly(ACCOUNT_RECOVERY, address(account));
        executeAfterDelay(ACCOUNT_RECOVERY, address(account), "account");
        vm.assertEq(account.owner(), newOwner.addr);

        bytes memory call = abi.encodeCall(
            RecoverableAccount.execute, (address(target), 0, abi.encodeCall(Target.set, (1)))
        );
        vm.expectRevert(signatureError());
        this.handleSigned(address(account), 0, call, oldOwner);
        this.handleSigned(address(account), 0, call, newOwner);
        vm.assertEq(target.caller(), address(account));

        bytes32 hash = keccak256("a message");
        bytes32 digest = personalDigest(address(account), hash);
        vm.assertTrue(
            account.isValidSignature(hash, sign(newOwner, digest))
                == IERC1271.isValidSignature.selector
        );
        vm.assertTrue(account.isValidSignature(hash, sign(oldOwner, digest)) == bytes4(0xffffffff));
        expectNoReplay(ACCOUNT_RECOVERY, address(account), "account");
    }

    function test_recovers_anERC4337AccountFromItsOwnSide() external {
        RecoverableAccount account = installOnAccount();
        voteAll(ACCOUNT_RECOVERY, address(account), "account");
        vm.warp(block.timestamp + DELAY);
        vm.prank(relayer);
        account.recoverAccess(abi.encode(newOwner.addr), address(ACCOUNT_RECOVERY), "");
        vm.assertEq(account.owner(), newOwner.addr);
        expectNoReplay(ACCOUNT_RECOVERY, address(account), "account");
    }

    function test_recovers_anERC7579Account() external {
        installOnModularAccount();
        voteAll(MODULAR_RECOVERY, MODULAR_ACCOUNT, "modular");
        expectTooEarly(MODULAR_RECOVERY, MODULAR_ACCOUNT);
        executeAfterDelay(MODULAR_RECOVERY, MODULAR_ACCOUNT, "modular");
        vm.assertEq(validator.ownerOf(MODULAR_ACCOUNT), newOwner.addr);

        vm.expectRevert(signatureError());
        this.callExternally(oldOwner);
        callBy(newOwner, MODULAR_ACCOUNT, address(target), abi.encodeCall(Target.set, (2)));
        vm.assertEq(target.caller(), MODULAR_ACCOUNT);
        expectNoReplay(MODULAR_RECOVERY, MODULAR_ACCOUNT, "modular");
    }

    function test_recovers_anOwnerOfASafe() external {
        ISafe safe = installOnSafe();
        voteAll(SAFE_RECOVERY, address(safe), "safe");
        expectTooEarly(SAFE_RECOVERY, address(safe));
        executeAfterDelay(SAFE_RECOVERY, address(safe), "safe");
        vm.assertTrue(safe.isOwner(newOwner.addr));
        vm.assertFalse(safe.isOwner(oldOwner.addr));

        vm.expectRevert("GS026");
        this.safeCallExternally(safe, oldOwner);
        this.safeCallExternally(safe, newOwner);
        vm.assertEq(target.caller(), address(safe));

        // The new key would be refused as an owner before its mail is.
        vm.prank(address(safe));
        safe.swapOwner(first.addr, newOwner.addr, oldOwner.addr);
        expectNoReplay(SAFE_RECOVERY, address(safe), "safe");
    }

    /// @dev Same guardians, same registry, same verifier: only the Subject tells mails apart.
    function test_vote_revertsWhenProofIsOfAnotherAccountOrContract() external {
        address account = address(installOnAccount());
        installOnModularAccount();
        address safe = address(installOnSafe());
        acceptBoth(ACCOUNT_RECOVERY, account, "account");
        acceptBoth(MODULAR_RECOVERY, MODULAR_ACCOUNT, "modular");
        acceptBoth(SAFE_RECOVERY, safe, "safe");
        expectForeign(ACCOUNT_RECOVERY, account, "recover-alice-modular");
        expectForeign(ACCOUNT_RECOVERY, account, "recover-alice-safe");
        expectForeign(MODULAR_RECOVERY, MODULAR_ACCOUNT, "recover-alice-account");
        expectForeign(MODULAR_RECOVERY, MODULAR_ACCOUNT, "recover-alice-safe");
        expectForeign(SAFE_RECOVERY, safe, "recover-alice-account");
        expectForeign(SAFE_RECOVERY, safe, "recover-alice-modular");
        vm.chainId(1);
        expectForeign(ACCOUNT_RECOVERY, account, "recover-alice-account");
        expectForeign(MODULAR_RECOVERY, MODULAR_ACCOUNT, "recover-alice-modular");
        expectForeign(SAFE_RECOVERY, safe, "recover-alice-safe");
    }

    /// @dev So that an expected revert is that of the whole.
    function handleSigned(
        address account,
        uint192 key,
        bytes calldata callData,
        Signer calldata signer
    ) external {
        handle(signed(operation(account, key, callData), signer));
    }

    function callExternally(Signer calldata signer) external {
        callBy(signer, MODULAR_ACCOUNT, address(target), abi.encodeCall(Target.set, (2)));
    }

    function safeCallExternally(ISafe safe, Signer calldata signer) external {
        Signer[] memory signers = new Signer[](2);
        (signers[0], signers[1]) = (first, signer);
        safeCall(safe, signers, address(target), abi.encodeCall(Target.set, (3)));
    }

    function threeGuardians() private view returns (IEmailRecovery.RecoveryConfig memory) {
        return twoOfThree(
            [
                guardianOf("accept-alice-account"),
                guardianOf("accept-bob-account"),
                guardianOf("accept-carol")
            ]
        );
    }

    function installOnAccount() private returns (RecoverableAccount account) {
        account = FACTORY.createAccount(oldOwner.addr, 0);
        vm.deal(address(account), 10 ether);
        bytes memory add = abi.encodeCall(
            RecoverableAccount.addRecoveryProvider,
            (address(ACCOUNT_RECOVERY), abi.encode(threeGuardians()))
        );
        handle(signed(operation(address(account), 0, add), oldOwner));
        measure("account", "install");
    }

    function installOnModularAccount() private {
        modularAccountAt(MODULAR_ACCOUNT, oldOwner.addr);
        KeyCall[] memory calls = new KeyCall[](1);
        calls[0] = KeyCall(
            address(validator),
            KeyPlace.Key,
            16,
            abi.encodeCall(OwnerValidator.changeOwner, (address(0)))
        );
        install(
            oldOwner,
            MODULAR_ACCOUNT,
            MODULE_TYPE_EXECUTOR,
            address(MODULAR_RECOVERY),
            abi.encode(calls, threeGuardians())
        );
        measure("modular", "install");
    }

    function installOnSafe() private returns (ISafe safe) {
        Signer[] memory owners = new Signer[](3);
        (owners[0], owners[1], owners[2]) = (first, oldOwner, third);
        safe = newSafe(owners, 2);
        safeCalls(
            safe,
            owners,
            [address(safe), address(SAFE_RECOVERY)],
            [
                abi.encodeCall(IModuleManager.enableModule, (address(SAFE_RECOVERY))),
                abi.encodeCall(SafeEmailRecovery.configureOwner, (oldOwner.addr, threeGuardians()))
            ]
        );
        measure("safe", "install");
    }

    /// @dev Proofs are made once. So the number that their mails name takes the place of the one that
    /// was drawn, in the word of the account's state in which it is the lowest part.
    function placeNonce(EmailRecovery recovery, address account, uint256 word, string memory name)
        private
    {
        bytes memory digits = bytes(vm.split(fixture(name).subject, " ")[5]);
        uint256 nonce;
        for (uint256 i = 0; i < digits.length; ++i) {
            nonce = 10 * nonce + uint8(digits[i]) - 0x30;
        }
        bytes32 slot = bytes32(uint256(keccak256(abi.encode(account, 0))) + word);
        uint256 rest = uint256(vm.load(address(recovery), slot)) >> 64 << 64;
        vm.store(address(recovery), slot, bytes32(rest | nonce));
    }

    function acceptBoth(EmailRecovery recovery, address account, string memory kind) private {
        placeNonce(recovery, account, SETUP_NONCE, string.concat("accept-alice-", kind));
        accept(recovery, account, string.concat("accept-alice-", kind));
        accept(recovery, account, string.concat("accept-bob-", kind));
    }

    function voteAll(EmailRecovery recovery, address account, string memory kind) private {
        acceptBoth(recovery, account, kind);
        measure(kind, "accept");
        ensureRound(recovery, account);
        measure(kind, "open a round");
        placeNonce(recovery, account, ROUND_NONCE, string.concat("recover-alice-", kind));
        vm.warp(block.timestamp + 60);
        vote(recovery, account, string.concat("recover-alice-", kind));
        measure(kind, "vote");
        vote(recovery, account, string.concat("recover-bob-", kind));
        measure(kind, "vote that starts the delay");
        vm.assertEq(asKey(recovery.pendingRecoveryOf(account).newOwner), newOwner.addr);
    }

    /// @dev Gas of the last transaction, whole.
    function measure(string memory kind, string memory step) private {
        vm.snapshotGasLastCall("accounts", string.concat(kind, ": ", step));
    }

    function accept(EmailRecovery recovery, address account, string memory name) private {
        Fixture memory mail = fixture(name);
        vm.assertEq(recovery.acceptanceSubject(account), mail.subject);
        vm.prank(relayer);
        recovery.acceptGuardian(account, mail.inputs, mail.proof);
    }

    function vote(EmailRecovery recovery, address account, string memory name) private {
        Fixture memory mail = fixture(name);
        vm.assertEq(recovery.recoverySubject(account, asOwner(newOwner.addr)), mail.subject);
        vm.prank(relayer);
        recovery.vote(account, asOwner(newOwner.addr), mail.inputs, mail.proof);
    }

    function expectTooEarly(EmailRecovery recovery, address account) private {
        uint40 from = recovery.pendingRecoveryOf(account).executableFrom;
        vm.expectRevert(
            abi.encodeWithSelector(IEmailRecovery.DelayNotPassed.selector, block.timestamp, from)
        );
        recovery.execute(account);
    }

    function executeAfterDelay(EmailRecovery recovery, address account, string memory kind)
        private
    {
        vm.warp(recovery.pendingRecoveryOf(account).executableFrom);
        vm.prank(relayer);
        recovery.execute(account);
        measure(kind, "execute");
    }

    /// @dev The mails that did it do nothing a second time.
    function expectNoReplay(EmailRecovery recovery, address account, string memory kind) private {
        expectForeign(recovery, account, string.concat("recover-alice-", kind));
        vm.expectRevert(abi.encodeWithSelector(IEmailRecovery.NoRecoveryPending.selector, account));
        recovery.execute(account);
    }

    function expectForeign(EmailRecovery recovery, address account, string memory name) private {
        Fixture memory mail = fixture(name);
        ensureRound(recovery, account);
        SubjectWord[SUBJECT_WORDS] memory expected =
            RecoverySubject.pack(recovery.recoverySubject(account, asOwner(newOwner.addr)));
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.SubjectMismatch.selector, expected, mail.inputs.subject
            )
        );
        recovery.vote(account, asOwner(newOwner.addr), mail.inputs, mail.proof);
    }
}
