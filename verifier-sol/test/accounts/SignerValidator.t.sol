// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {OwnerBytes} from "../../contracts/OwnerBytes.sol";
import {SignerValidator} from "../../contracts/modules/SignerValidator.sol";
import {Signers} from "../support/Signers.sol";

contract SignerValidatorTest is Signers {
    SignerValidator private validator;
    address private account = makeAddr("account");

    function setUp() external {
        deployVerifiers();
        validator = new SignerValidator();
    }

    function testFuzz_onInstall_keepsTheOwner(bytes memory owner, uint256 length) external {
        length = bound(length, 21, OwnerBytes.MAX_BYTES);
        bytes memory other = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            other[i] = owner.length == 0 ? bytes1(0xff) : owner[i % owner.length];
        }
        install(other);
        vm.assertEq(validator.ownerOf(account), other);
        vm.assertTrue(validator.isInitialized(account));
        // A shorter one leaves nothing of it.
        bytes memory shorter = abi.encodePacked(makeAddr("shorter"));
        vm.expectEmit(address(validator));
        emit SignerValidator.OwnerChanged(account, shorter);
        vm.prank(account);
        validator.changeOwner(shorter);
        vm.assertEq(validator.ownerOf(account), shorter);
    }

    function test_onInstall_revertsWhenInstalled() external {
        bytes memory owner = signerOf(Kind.Key);
        install(owner);
        vm.expectRevert(abi.encodeWithSelector(SignerValidator.AlreadyInstalled.selector, account));
        vm.prank(account);
        validator.onInstall(owner);
    }

    function test_setOwner_revertsWhenItIsNone() external {
        bytes[5] memory wrong = [
            bytes(""),
            new bytes(19),
            new bytes(20),
            abi.encodePacked(account),
            new bytes(OwnerBytes.MAX_BYTES + 1)
        ];
        for (uint256 i = 0; i < wrong.length; ++i) {
            vm.prank(account);
            vm.expectRevert(abi.encodeWithSelector(SignerValidator.InvalidOwner.selector, wrong[i]));
            validator.onInstall(wrong[i]);
        }
    }

    function test_onUninstall_forgetsTheOwner() external {
        bytes memory owner = signerOf(Kind.P256);
        install(owner);
        vm.expectEmit(address(validator));
        emit SignerValidator.OwnerChanged(account, "");
        vm.prank(account);
        validator.onUninstall("");
        vm.assertFalse(validator.isInitialized(account));
        vm.assertEq(validator.ownerOf(account), "");
        vm.expectRevert(abi.encodeWithSelector(SignerValidator.NotInstalled.selector, account));
        vm.prank(account);
        validator.onUninstall("");
    }

    function test_changeOwner_revertsWhenCallerIsNoAccount() external {
        install(signerOf(Kind.Key));
        vm.expectRevert(
            abi.encodeWithSelector(SignerValidator.NotInstalled.selector, address(this))
        );
        validator.changeOwner(signerOf(Kind.P256));
    }

    function test_signatures_ofEveryKind() external {
        for (uint256 i = 0; i < KINDS; ++i) {
            uint256 state = vm.snapshotState();
            Kind kind = Kind(i);
            install(signerOf(kind));
            bytes32 hash = keccak256("user operation");
            PackedUserOperation memory op;
            op.signature = signBy(kind, hash);
            vm.startPrank(account);
            vm.assertEq(validator.validateUserOp(op, hash), 0);
            vm.assertEq(validator.validateUserOp(op, keccak256("another")), 1);
            bytes32 safe = validator.replaySafeHash(account, hash);
            vm.assertTrue(isAccepted(hash, signBy(kind, safe)));
            // The bare hash is none, nor the hash for another account.
            vm.assertFalse(isAccepted(keccak256("bare"), signBy(kind, keccak256("bare"))));
            vm.stopPrank();
            vm.assertNotEq(uint256(safe), uint256(validator.replaySafeHash(address(this), hash)));
            vm.revertToState(state);
        }
    }

    function test_signatures_areRefusedWhereItIsNotInstalled() external {
        PackedUserOperation memory op;
        vm.startPrank(account);
        vm.assertEq(validator.validateUserOp(op, 0), 1);
        vm.assertFalse(isAccepted(0, ""));
    }

    function test_isModuleType_isThatOfAValidator() external view {
        vm.assertTrue(validator.isModuleType(1));
        vm.assertFalse(validator.isModuleType(2));
    }

    function install(bytes memory owner) private {
        vm.prank(account);
        validator.onInstall(owner);
    }

    function isAccepted(bytes32 hash, bytes memory signature) private view returns (bool) {
        bytes4 answer = validator.isValidSignatureWithSender(relayer(), hash, signature);
        return answer == IERC1271.isValidSignature.selector;
    }

    function relayer() private pure returns (address) {
        return address(0x7e1a);
    }
}
