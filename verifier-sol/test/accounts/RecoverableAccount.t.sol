// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Account} from "@openzeppelin/contracts/account/Account.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IEntryPoint, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {RecoverableAccount} from "../../contracts/accounts/RecoverableAccount.sol";
import {RecoverableAccountFactory} from "../../contracts/accounts/RecoverableAccountFactory.sol";
import {BadSignatures} from "../support/accounts/BadSignatures.sol";
import {NestedSignatures} from "../support/accounts/NestedSignatures.sol";
import {Target} from "../support/accounts/Target.sol";
import {UserOperations} from "../support/accounts/UserOperations.sol";

/// @notice The account by itself: who controls it, and what it takes for a signature.
contract RecoverableAccountTest is UserOperations, BadSignatures, NestedSignatures {
    bytes4 private constant VALID = IERC1271.isValidSignature.selector;
    bytes4 private constant INVALID = 0xffffffff;

    RecoverableAccountFactory private factory;
    RecoverableAccount private account;
    RecoverableAccount private sibling;
    Target private target;
    Signer private owner = makeSigner("owner");
    Signer private stranger = makeSigner("stranger");

    function setUp() public {
        deployEntryPoint();
        factory = new RecoverableAccountFactory(ENTRY_POINT);
        account = factory.createAccount(owner.addr, 0);
        sibling = factory.createAccount(owner.addr, bytes32(uint256(1)));
        target = new Target();
        vm.deal(address(account), 10 ether);
    }

    // Making accounts

    function test_createAccount_isAtThePredictedAddress() external view {
        vm.assertEq(address(account), factory.accountAddress(owner.addr, 0));
        vm.assertEq(account.owner(), owner.addr);
        vm.assertEq(address(account.entryPoint()), address(ENTRY_POINT));
    }

    function test_createAccount_logsTheAccount() external {
        bytes32 salt = bytes32(uint256(2));
        address made = factory.accountAddress(owner.addr, salt);
        vm.expectEmit(address(factory));
        emit RecoverableAccountFactory.AccountCreated(made, owner.addr, salt);
        factory.createAccount(owner.addr, salt);
    }

    function test_createAccount_returnsTheAccountThatExists() external {
        vm.prank(owner.addr);
        account.changeOwner(stranger.addr);
        vm.assertEq(address(factory.createAccount(owner.addr, 0)), address(account));
        vm.assertEq(account.owner(), stranger.addr);
    }

    function test_createAccount_addressDependsOnOwnerAndSalt() external view {
        vm.assertNotEq(address(account), factory.accountAddress(stranger.addr, 0));
        vm.assertNotEq(address(account), address(sibling));
    }

    function test_createAccount_revertsWhenOwnerIsZero() external {
        vm.expectRevert(
            abi.encodeWithSelector(RecoverableAccount.InvalidOwner.selector, address(0))
        );
        factory.createAccount(address(0), 0);
    }

    function test_createAccount_byUserOperation() external {
        address expected = factory.accountAddress(owner.addr, bytes32(uint256(2)));
        vm.deal(expected, 10 ether);
        PackedUserOperation memory op = operation(expected, 0, abi.encodeCall(Target.set, (0)));
        op.callData = abi.encodeCall(
            RecoverableAccount.execute, (address(target), 0, abi.encodeCall(Target.set, (7)))
        );
        op.initCode = abi.encodePacked(
            address(factory),
            abi.encodeCall(
                RecoverableAccountFactory.createAccount, (owner.addr, bytes32(uint256(2)))
            )
        );
        handle(signed(op, owner));
        vm.assertEq(target.value(), 7);
        vm.assertEq(target.caller(), expected);
    }

    function test_initialize_revertsWhenCalledAgain() external {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        account.initialize(stranger.addr);
    }

    function test_initialize_revertsWhenImplementation() external {
        RecoverableAccount implementation = factory.IMPLEMENTATION();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        implementation.initialize(stranger.addr);
    }

    function test_constructor_revertsWhenEntryPointHasNoCode() external {
        vm.expectRevert(
            abi.encodeWithSelector(RecoverableAccount.EntryPointWithoutCode.selector, stranger.addr)
        );
        new RecoverableAccount(IEntryPoint(stranger.addr));
    }

    // Calls

    function test_execute_byOwner() external {
        vm.prank(owner.addr);
        account.execute(address(target), 1 ether, abi.encodeCall(Target.set, (1)));
        vm.assertEq(target.value(), 1);
        vm.assertEq(target.caller(), address(account));
        vm.assertEq(address(target).balance, 1 ether);
    }

    function test_execute_sendsToAddressesWithoutCode() external {
        vm.prank(owner.addr);
        account.execute(stranger.addr, 1 ether, "");
        vm.assertEq(stranger.addr.balance, 1 ether);
    }

    function test_execute_passesErrorsOn() external {
        vm.prank(owner.addr);
        vm.expectRevert(abi.encodeWithSelector(Target.Refused.selector, 13));
        account.execute(address(target), 0, abi.encodeCall(Target.refuse, (13)));
    }

    function test_execute_revertsWhenCallerIsAStranger() external {
        vm.prank(stranger.addr);
        vm.expectRevert(unauthorised(stranger.addr));
        account.execute(address(target), 0, abi.encodeCall(Target.set, (1)));
    }

    function test_execute_revertsWhenImplementation() external {
        RecoverableAccount implementation = factory.IMPLEMENTATION();
        vm.prank(owner.addr);
        vm.expectRevert(unauthorised(owner.addr));
        implementation.execute(address(target), 0, "");
    }

    function test_executeBatch_bySelf() external {
        RecoverableAccount.Call[] memory inner = new RecoverableAccount.Call[](2);
        inner[0] = RecoverableAccount.Call(address(target), 1, abi.encodeCall(Target.set, (1)));
        inner[1] = RecoverableAccount.Call(address(target), 2, abi.encodeCall(Target.set, (2)));
        vm.prank(owner.addr);
        account.execute(
            address(account), 0, abi.encodeCall(RecoverableAccount.executeBatch, (inner))
        );
        vm.assertEq(target.value(), 2);
        vm.assertEq(address(target).balance, 3);
    }

    function test_executeBatch_isAllOrNothing() external {
        RecoverableAccount.Call[] memory calls = new RecoverableAccount.Call[](2);
        calls[0] = RecoverableAccount.Call(address(target), 0, abi.encodeCall(Target.set, (1)));
        calls[1] = RecoverableAccount.Call(address(target), 0, abi.encodeCall(Target.refuse, (2)));
        vm.prank(owner.addr);
        vm.expectRevert(abi.encodeWithSelector(Target.Refused.selector, 2));
        account.executeBatch(calls);
        vm.assertEq(target.value(), 0);
    }

    function test_executeBatch_revertsWhenCallerIsAStranger() external {
        vm.prank(stranger.addr);
        vm.expectRevert(unauthorised(stranger.addr));
        account.executeBatch(new RecoverableAccount.Call[](0));
    }

    function test_receive_takesEtherAndTokens() external {
        vm.deal(stranger.addr, 1 ether);
        vm.prank(stranger.addr);
        (bool ok,) = address(account).call{value: 1 ether}("");
        vm.assertTrue(ok);
        vm.assertEq(
            account.onERC721Received(stranger.addr, stranger.addr, 1, ""),
            account.onERC721Received.selector
        );
        vm.assertEq(
            account.onERC1155Received(stranger.addr, stranger.addr, 1, 1, ""),
            account.onERC1155Received.selector
        );
    }

    // Owner

    function test_changeOwner_byOwner() external {
        vm.expectEmit(address(account));
        emit RecoverableAccount.OwnerChanged(owner.addr, stranger.addr);
        vm.prank(owner.addr);
        account.changeOwner(stranger.addr);
        vm.assertEq(account.owner(), stranger.addr);
        vm.prank(owner.addr);
        vm.expectRevert(unauthorised(owner.addr));
        account.changeOwner(owner.addr);
    }

    function test_changeOwner_revertsWhenCallerIsAStranger() external {
        vm.prank(stranger.addr);
        vm.expectRevert(unauthorised(stranger.addr));
        account.changeOwner(stranger.addr);
    }

    function test_changeOwner_revertsWhenOwnerIsZeroOrTheAccount() external {
        vm.startPrank(owner.addr);
        vm.expectRevert(
            abi.encodeWithSelector(RecoverableAccount.InvalidOwner.selector, address(0))
        );
        account.changeOwner(address(0));
        vm.expectRevert(
            abi.encodeWithSelector(RecoverableAccount.InvalidOwner.selector, address(account))
        );
        account.changeOwner(address(account));
    }

    // User operations

    function test_userOperation_ofTheOwner() external {
        handle(signed(setOperation(1), owner));
        vm.assertEq(target.value(), 1);
        vm.assertEq(target.caller(), address(account));
    }

    function test_userOperation_changesTheOwner() external {
        handle(
            signed(
                operation(
                    address(account),
                    0,
                    abi.encodeCall(RecoverableAccount.changeOwner, (stranger.addr))
                ),
                owner
            )
        );
        vm.assertEq(account.owner(), stranger.addr);
    }

    function test_userOperation_revertsWhenSignedByAStranger() external {
        PackedUserOperation memory op = signed(setOperation(1), stranger);
        vm.expectRevert(signatureError());
        this.handleExternally(op);
    }

    function test_userOperation_revertsWhenReplayed() external {
        PackedUserOperation memory op = signed(setOperation(1), owner);
        handle(op);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEntryPoint.FailedOp.selector, uint256(0), "AA25 invalid account nonce"
            )
        );
        this.handleExternally(op);
    }

    function test_userOperation_revertsWhenReplayedOnAnotherAccountOfTheOwner() external {
        vm.deal(address(sibling), 10 ether);
        PackedUserOperation memory op = signed(setOperation(1), owner);
        op.sender = address(sibling);
        vm.expectRevert(signatureError());
        this.handleExternally(op);
    }

    function test_userOperation_revertsWhenReplayedOnAnotherChain() external {
        PackedUserOperation memory op = signed(setOperation(1), owner);
        vm.chainId(1);
        vm.expectRevert(signatureError());
        this.handleExternally(op);
    }

    function test_validateUserOp_saysSoAndDoesNotRevertWhenTheSignatureIsBad() external {
        PackedUserOperation memory op = setOperation(1);
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
    }

    function test_validateUserOp_revertsWhenCallerIsNotTheEntryPoint() external {
        PackedUserOperation memory op = signed(setOperation(1), owner);
        bytes32 digest = ENTRY_POINT.getUserOpHash(op);
        vm.prank(owner.addr);
        vm.expectRevert(unauthorised(owner.addr));
        account.validateUserOp(op, digest, 0);
    }

    // ERC-1271

    function testFuzz_isValidSignature_acceptsTheOwnersNestedSignature(bytes32 hash) external view {
        bytes memory signature = sign(owner, personalDigest(address(account), hash));
        vm.assertTrue(account.isValidSignature(hash, signature) == VALID);
        vm.assertTrue(sibling.isValidSignature(hash, signature) == INVALID);
        vm.assertTrue(account.isValidSignature(~hash, signature) == INVALID);
    }

    function test_isValidSignature_acceptsNestedTypedData() external view {
        bytes32 contents = keccak256("contents");
        (bytes32 hash, bytes memory signature) =
            nestedTypedSignature(owner, address(account), contents);
        vm.assertTrue(account.isValidSignature(hash, signature) == VALID);
        vm.assertTrue(sibling.isValidSignature(hash, signature) == INVALID);
        vm.assertTrue(account.isValidSignature(keccak256("else"), signature) == INVALID);
    }

    function test_isValidSignature_refusesTheBareHash() external view {
        bytes32 hash = keccak256("message");
        vm.assertTrue(account.isValidSignature(hash, sign(owner, hash)) == INVALID);
    }

    function test_isValidSignature_refusesBadSignatures() external view {
        bytes32 hash = keccak256("message");
        bytes[] memory bad = badSignatures(owner, stranger, personalDigest(address(account), hash));
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.assertTrue(account.isValidSignature(hash, bad[i]) == INVALID, vm.toString(i));
        }
    }

    function test_isValidSignature_refusesTheOwnerOfTheImplementation() external view {
        RecoverableAccount implementation = factory.IMPLEMENTATION();
        bytes32 hash = keccak256("message");
        bytes memory signature = sign(owner, personalDigest(address(implementation), hash));
        vm.assertTrue(implementation.isValidSignature(hash, signature) == INVALID);
        vm.assertTrue(implementation.isValidSignature(hash, new bytes(65)) == INVALID);
    }

    function test_isValidSignature_refusesASignatureForAnotherChain() external {
        bytes32 hash = keccak256("message");
        bytes memory signature = sign(owner, personalDigest(address(account), hash));
        vm.chainId(1);
        vm.assertTrue(account.isValidSignature(hash, signature) == INVALID);
    }

    function test_isValidSignature_saysThatItNests() external view {
        bytes32 question = 0x7739773977397739773977397739773977397739773977397739773977397739;
        vm.assertTrue(account.isValidSignature(question, "") == bytes4(0x77390001));
    }

    function test_isValidSignature_refusesTheFormerOwner() external {
        bytes32 hash = keccak256("message");
        bytes memory signature = sign(owner, personalDigest(address(account), hash));
        vm.prank(owner.addr);
        account.changeOwner(stranger.addr);
        vm.assertTrue(account.isValidSignature(hash, signature) == INVALID);
    }

    /// @dev So that an expected revert is that of the whole.
    function handleExternally(PackedUserOperation calldata op) external {
        handle(op);
    }

    function setOperation(uint256 value) private view returns (PackedUserOperation memory) {
        return operation(
            address(account),
            0,
            abi.encodeCall(
                RecoverableAccount.execute,
                (address(target), 0, abi.encodeCall(Target.set, (value)))
            )
        );
    }

    function unauthorised(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Account.AccountUnauthorized.selector, caller);
    }
}
