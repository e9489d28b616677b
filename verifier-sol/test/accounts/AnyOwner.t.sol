// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {
    IERC7579Execution,
    IERC7579ModuleConfig,
    MODULE_TYPE_EXECUTOR
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {EmailRecovery} from "../../contracts/EmailRecovery.sol";
import {ERC7947EmailRecovery} from "../../contracts/accounts/ERC7947EmailRecovery.sol";
import {GuardianId} from "../../contracts/interfaces/GuardianId.sol";
import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {RecoveryPublicInputs} from "../../contracts/interfaces/PublicInputs.sol";
import {ERC7579EmailRecovery} from "../../contracts/modules/ERC7579EmailRecovery.sol";
import {KeyCall, KeyPlace} from "../../contracts/modules/KeyCalls.sol";
import {OwnerValidator} from "../../contracts/modules/OwnerValidator.sol";
import {SignerValidator} from "../../contracts/modules/SignerValidator.sol";
import {Signers} from "../support/Signers.sol";
import {AccountRecoveryTest} from "../support/accounts/AccountRecoveryTest.sol";
import {ModularAccount} from "../support/accounts/ModularAccount.sol";
import {Modulekit} from "../support/accounts/Modulekit.sol";
import {SignerAccount} from "../support/accounts/SignerAccount.sol";
import {Target} from "../support/accounts/Target.sol";
import {UserOperations} from "../support/accounts/UserOperations.sol";

/// @notice Accounts of OpenZeppelin, ZeroDev and Biconomy, and a plain key's account by EIP-7702, recovered to
/// owners that are no addresses.
contract AnyOwnerTest is AccountRecoveryTest, UserOperations, Modulekit, Signers {
    SignerValidator private validator;
    ERC7579EmailRecovery private recovery;
    Target private target;
    Signer private oldOwner = makeSigner("owner who loses the key");

    function setUp() public override {
        super.setUp();
        deployEntryPoint();
        deployVerifiers();
        validator = new SignerValidator();
        recovery = new ERC7579EmailRecovery();
        target = new Target();
    }

    // ERC-7579

    /// @dev OpenZeppelin's account, to every kind of signer.
    function test_openZeppelin_toEveryKindOfOwner() external {
        for (uint256 i = 0; i < KINDS; ++i) {
            ModularAccount account = new ModularAccount();
            account.initialise(address(validator), asOwner(oldOwner.addr));
            installOn(address(account), uint192(uint160(address(validator))) << 32, installData());
            recoverTo(Kind(i), address(account), uint192(uint160(address(validator))) << 32);
        }
    }

    function test_kernel_toAPasskey() external {
        address account =
            newKernel(address(ENTRY_POINT), address(validator), asOwner(oldOwner.addr));
        bytes memory data = abi.encodePacked(address(0), abi.encode(installData(), bytes("")));
        installOn(account, 0, data);
        recoverTo(Kind.WebAuthn, account, 0);
    }

    function test_nexus_toAPasskey() external {
        address account = newNexus(address(ENTRY_POINT), address(validator), asOwner(oldOwner.addr));
        installOn(account, uint160(address(validator)), installData());
        recoverTo(Kind.P256, account, uint160(address(validator)));
    }

    /// @dev A plain key's address with an account's code (EIP-7702): the recovery gives it another owner
    /// beside the key, which it can't take its power from.
    function test_eip7702_toAPasskey() external {
        address account = oldOwner.addr;
        vm.etch(account, address(new ModularAccount()).code);
        ModularAccount(payable(account)).initialise(address(validator), asOwner(relayer));
        // What the key does with its own account needs no validator.
        vm.deal(account, 10 ether);
        vm.startPrank(account);
        installDirectly(account);
        vm.stopPrank();
        recoverTo(Kind.WebAuthn, account, uint192(uint160(address(validator))) << 32);
    }

    function test_vote_revertsWhenACallHasNoRoomForTheOwner() external {
        ModularAccount account = new ModularAccount();
        OwnerValidator keys = new OwnerValidator();
        account.initialise(address(keys), abi.encode(oldOwner.addr));
        KeyCall[] memory calls = new KeyCall[](1);
        calls[0] = KeyCall(
            address(keys),
            KeyPlace.Key,
            16,
            abi.encodeCall(OwnerValidator.changeOwner, (address(0)))
        );
        bytes memory data = abi.encode(calls, defaultConfig());
        vm.prank(address(account));
        IERC7579ModuleConfig(account).installModule(MODULE_TYPE_EXECUTOR, address(recovery), data);
        accept(recovery, address(account), ALICE);
        ensureRound(recovery, address(account));
        bytes memory passkey = signerOf(Kind.P256);
        string memory subject = recovery.recoverySubject(address(account), passkey);
        RecoveryPublicInputs memory inputs = mail(ALICE, subject);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmailRecovery.InvalidNewOwner.selector, address(account), passkey
            )
        );
        recovery.vote(address(account), passkey, inputs, "");
        vote(recovery, address(account), ALICE, NEW_KEY);
    }

    // ERC-7947

    /// @dev OpenZeppelin's account of one ERC-7913 signer, whose subject is the owner's bytes.
    function test_erc7947_toEveryKindOfOwner() external {
        ERC7947EmailRecovery provider = new ERC7947EmailRecovery();
        for (uint256 i = 0; i < KINDS; ++i) {
            SignerAccount account = new SignerAccount(asOwner(oldOwner.addr));
            vm.deal(address(account), 10 ether);
            bytes memory add = abi.encodeCall(
                account.addRecoveryProvider, (address(provider), abi.encode(defaultConfig()))
            );
            handle(signed(operation(address(account), 0, add), oldOwner));
            bytes memory newOwner = signerOf(Kind(i));
            mature(provider, address(account), newOwner);
            if (i % 2 == 0) {
                execute(provider, address(account));
            } else {
                bytes memory subject =
                    newOwner.length == 20 ? abi.encode(address(bytes20(newOwner))) : newOwner;
                account.recoverAccess(subject, address(provider), "");
            }
            vm.assertEq(account.signer(), newOwner);
            bytes32 hash = keccak256("a message");
            vm.assertTrue(account.isSignedBy(hash, signBy(Kind(i), hash)));
            bytes32 other = keccak256("another message");
            vm.assertFalse(account.isSignedBy(other, sign(oldOwner, other)));
        }
    }

    /// @dev So that an expected revert is that of the whole.
    function handleExternally(PackedUserOperation calldata op) external {
        handle(op);
    }

    function installOn(address account, uint192 key, bytes memory data) private {
        vm.deal(account, 10 ether);
        bytes memory install = abi.encodeCall(
            IERC7579ModuleConfig.installModule, (MODULE_TYPE_EXECUTOR, address(recovery), data)
        );
        handle(signed(operation(account, key, install), oldOwner));
        vm.assertTrue(recovery.isInitialized(account));
    }

    function installDirectly(address account) private {
        IERC7579ModuleConfig(account)
            .installModule(MODULE_TYPE_EXECUTOR, address(recovery), installData());
    }

    function recoverTo(Kind kind, address account, uint192 key) private {
        bytes memory newOwner = signerOf(kind);
        mature(recovery, account, newOwner);
        execute(recovery, account);
        vm.assertEq(validator.ownerOf(account), newOwner);

        uint256 value = uint256(keccak256(abi.encode(account)));
        bytes memory call = abi.encodeCall(
            IERC7579Execution.execute,
            (
                bytes32(0),
                abi.encodePacked(address(target), uint256(0), abi.encodeCall(Target.set, (value)))
            )
        );
        PackedUserOperation memory op = operation(account, key, call);
        op.accountGasLimits = bytes32(abi.encodePacked(uint128(5_000_000), uint128(5_000_000)));
        op = signed(op, oldOwner);
        vm.expectRevert(signatureError());
        this.handleExternally(op);
        op.signature = signBy(kind, ENTRY_POINT.getUserOpHash(op));
        handle(op);
        vm.assertEq(target.caller(), account);
        vm.assertEq(target.value(), value);
    }

    function mature(EmailRecovery which, address account, bytes memory newOwner) private {
        accept(which, account, ALICE);
        accept(which, account, BOB);
        ensureRound(which, account);
        voteFor(which, account, ALICE, newOwner);
        voteFor(which, account, BOB, newOwner);
        vm.warp(block.timestamp + DELAY);
    }

    function voteFor(EmailRecovery which, address account, GuardianId who, bytes memory newOwner)
        private
    {
        string memory subject = which.recoverySubject(account, newOwner);
        which.vote(account, newOwner, mail(who, subject), "");
    }

    function installData() private view returns (bytes memory) {
        KeyCall[] memory calls = new KeyCall[](1);
        calls[0] = KeyCall(
            address(validator),
            KeyPlace.Owner,
            0,
            abi.encodeCall(SignerValidator.changeOwner, (bytes("")))
        );
        return abi.encode(calls, defaultConfig());
    }
}
