// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {
    MODULE_TYPE_EXECUTOR,
    MODULE_TYPE_VALIDATOR
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {OwnerValidator} from "../../contracts/modules/OwnerValidator.sol";
import {BadSignatures} from "../support/accounts/BadSignatures.sol";
import {ModularAccount} from "../support/accounts/ModularAccount.sol";
import {ModularAccounts} from "../support/accounts/ModularAccounts.sol";
import {Target} from "../support/accounts/Target.sol";

/// @notice The owner validator on OpenZeppelin's account, through a real entry point.
contract OwnerValidatorTest is ModularAccounts, BadSignatures {
    bytes4 private constant VALID = IERC1271.isValidSignature.selector;
    bytes4 private constant INVALID = 0xffffffff;

    ModularAccount private account;
    ModularAccount private sibling;
    Target private target;
    Signer private owner = makeSigner("owner");
    Signer private stranger = makeSigner("stranger");

    function setUp() public {
        deployEntryPoint();
        validator = new OwnerValidator();
        account = modularAccountAt(makeAddr("account"), owner.addr);
        sibling = modularAccountAt(makeAddr("sibling"), owner.addr);
        target = new Target();
    }

    function test_onInstall_setsTheOwner() external {
        vm.assertEq(validator.ownerOf(address(account)), owner.addr);
        vm.assertTrue(validator.isInitialized(address(account)));
        vm.assertFalse(validator.isInitialized(stranger.addr));
        vm.expectEmit(address(validator));
        emit OwnerValidator.OwnerChanged(stranger.addr, address(0), owner.addr);
        vm.prank(stranger.addr);
        validator.onInstall(abi.encode(owner.addr));
    }

    function test_onInstall_revertsWhenInstalled() external {
        vm.prank(address(account));
        vm.expectRevert(
            abi.encodeWithSelector(OwnerValidator.AlreadyInstalled.selector, address(account))
        );
        validator.onInstall(abi.encode(stranger.addr));
    }

    function test_onInstall_revertsWhenDataIsNoOwner() external {
        vm.startPrank(stranger.addr);
        vm.expectRevert();
        validator.onInstall("");
        vm.expectRevert(abi.encodeWithSelector(OwnerValidator.InvalidOwner.selector, address(0)));
        validator.onInstall(abi.encode(address(0)));
        vm.expectRevert(abi.encodeWithSelector(OwnerValidator.InvalidOwner.selector, stranger.addr));
        validator.onInstall(abi.encode(stranger.addr));
    }

    function test_onUninstall_forgetsTheOwner() external {
        vm.expectEmit(address(validator));
        emit OwnerValidator.OwnerChanged(address(account), owner.addr, address(0));
        uninstall(owner, address(account), MODULE_TYPE_VALIDATOR, address(validator), "");
        vm.assertEq(validator.ownerOf(address(account)), address(0));
        vm.prank(address(account));
        vm.expectRevert(
            abi.encodeWithSelector(OwnerValidator.NotInstalled.selector, address(account))
        );
        validator.onUninstall("");
        vm.prank(address(account));
        vm.expectRevert(
            abi.encodeWithSelector(OwnerValidator.NotInstalled.selector, address(account))
        );
        validator.changeOwner(stranger.addr);
    }

    function test_isModuleType_isThatOfAValidator() external view {
        vm.assertTrue(validator.isModuleType(MODULE_TYPE_VALIDATOR));
        vm.assertFalse(validator.isModuleType(MODULE_TYPE_EXECUTOR));
    }

    function test_changeOwner_byTheAccount() external {
        callBy(
            owner,
            address(account),
            address(validator),
            abi.encodeCall(OwnerValidator.changeOwner, (stranger.addr))
        );
        vm.assertEq(validator.ownerOf(address(account)), stranger.addr);
        vm.assertEq(validator.ownerOf(address(sibling)), owner.addr);
    }

    function test_changeOwner_revertsWhenCallerIsNoAccount() external {
        vm.prank(owner.addr);
        vm.expectRevert(abi.encodeWithSelector(OwnerValidator.NotInstalled.selector, owner.addr));
        validator.changeOwner(stranger.addr);
    }

    function test_changeOwner_revertsWhenOwnerIsZeroOrTheAccount() external {
        vm.startPrank(address(account));
        vm.expectRevert(abi.encodeWithSelector(OwnerValidator.InvalidOwner.selector, address(0)));
        validator.changeOwner(address(0));
        vm.expectRevert(
            abi.encodeWithSelector(OwnerValidator.InvalidOwner.selector, address(account))
        );
        validator.changeOwner(address(account));
    }

    function test_userOperation_ofTheOwner() external {
        callBy(owner, address(account), address(target), abi.encodeCall(Target.set, (5)));
        vm.assertEq(target.value(), 5);
        vm.assertEq(target.caller(), address(account));
    }

    function test_userOperation_revertsWhenSignedByAStranger() external {
        vm.expectRevert(signatureError());
        this.actExternally(stranger);
    }

    function test_userOperation_revertsWhenReplayedOnAnotherAccountOrChain() external {
        PackedUserOperation memory op =
            signed(operation(address(account), nonceKey(address(validator)), ""), owner);
        op.sender = address(sibling);
        vm.expectRevert(signatureError());
        this.handleExternally(op);
        op.sender = address(account);
        vm.chainId(1);
        vm.expectRevert(signatureError());
        this.handleExternally(op);
    }

    function test_validateUserOp_saysSoAndDoesNotRevertWhenTheSignatureIsBad() external {
        PackedUserOperation memory op =
            operation(address(account), nonceKey(address(validator)), "");
        bytes32 digest = ENTRY_POINT.getUserOpHash(op);
        bytes[] memory bad = badSignatures(owner, stranger, digest);
        for (uint256 i = 0; i < bad.length; ++i) {
            op.signature = bad[i];
            vm.prank(address(ENTRY_POINT));
            vm.assertEq(account.validateUserOp(op, digest, 0), 1, vm.toString(i));
        }
        op.signature = sign(owner, digest);
        vm.prank(address(ENTRY_POINT));
        vm.assertEq(account.validateUserOp(op, digest, 0), 0);
        vm.prank(stranger.addr);
        vm.assertEq(validator.validateUserOp(op, digest), 1);
    }

    function testFuzz_isValidSignature_acceptsTheOwnersWrappedSignature(bytes32 hash)
        external
        view
    {
        bytes memory signature = sign(owner, validator.replaySafeHash(address(account), hash));
        vm.assertTrue(ask(account, hash, signature) == VALID);
        vm.assertTrue(ask(sibling, hash, signature) == INVALID);
        vm.assertTrue(ask(account, ~hash, signature) == INVALID);
    }

    function test_isValidSignature_refusesTheBareHash() external view {
        bytes32 hash = keccak256("message");
        vm.assertTrue(ask(account, hash, sign(owner, hash)) == INVALID);
    }

    function test_isValidSignature_refusesBadSignatures() external view {
        bytes32 hash = keccak256("message");
        bytes[] memory bad =
            badSignatures(owner, stranger, validator.replaySafeHash(address(account), hash));
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.assertTrue(ask(account, hash, bad[i]) == INVALID, vm.toString(i));
        }
    }

    function test_isValidSignature_refusesASignatureForAnotherChain() external {
        bytes32 hash = keccak256("message");
        bytes memory signature = sign(owner, validator.replaySafeHash(address(account), hash));
        vm.chainId(1);
        vm.assertTrue(ask(account, hash, signature) == INVALID);
    }

    function test_isValidSignature_refusesWhereItIsNotInstalled() external {
        bytes32 hash = keccak256("message");
        bytes memory signature = sign(owner, validator.replaySafeHash(stranger.addr, hash));
        vm.prank(stranger.addr);
        vm.assertTrue(
            validator.isValidSignatureWithSender(address(this), hash, signature) == INVALID
        );
        vm.prank(stranger.addr);
        vm.assertTrue(
            validator.isValidSignatureWithSender(address(this), hash, new bytes(65)) == INVALID
        );
    }

    /// @dev So that an expected revert is that of the whole.
    function actExternally(Signer calldata signer) external {
        callBy(signer, address(account), address(target), abi.encodeCall(Target.set, (5)));
    }

    function handleExternally(PackedUserOperation calldata op) external {
        handle(op);
    }

    /// @dev The account takes the validator from the first 20 bytes.
    function ask(ModularAccount which, bytes32 hash, bytes memory signature)
        private
        view
        returns (bytes4)
    {
        return which.isValidSignature(hash, abi.encodePacked(address(validator), signature));
    }
}
