// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {EmailRecovery} from "../contracts/EmailRecovery.sol";
import {OwnerBytes} from "../contracts/OwnerBytes.sol";
import {RecoverySubject} from "../contracts/RecoverySubject.sol";
import {GuardianId} from "../contracts/interfaces/GuardianId.sol";
import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {RecoveryPublicInputs} from "../contracts/interfaces/PublicInputs.sol";
import {MockedRecoveryTest} from "./support/MockedRecoveryTest.sol";

/// @notice An account that takes any owner.
contract BytesOwnedAccount {
    bytes public owner;

    function setOwner(bytes calldata newOwner) external {
        owner = newOwner;
    }
}

/// @notice Its recovery.
contract BytesOwnedRecovery is EmailRecovery {
    function _replaceOwner(address account, bytes memory newOwner) internal override {
        BytesOwnedAccount(account).setOwner(newOwner);
    }
}

/// @notice New owners that are more than an address.
contract EmailRecoveryOwnersTest is MockedRecoveryTest {
    BytesOwnedRecovery private _recovery;
    BytesOwnedAccount private _account;
    address private _place;

    function setUp() public override {
        super.setUp();
        _recovery = new BytesOwnedRecovery();
        _account = new BytesOwnedAccount();
        _place = address(_account);
        vm.prank(_place);
        _recovery.configure(defaultConfig());
        GuardianId[3] memory all = [ALICE, BOB, CAROL];
        for (uint256 i = 0; i < 3; ++i) {
            RecoveryPublicInputs memory inputs = mail(all[i], _recovery.acceptanceSubject(_place));
            _recovery.acceptGuardian(_place, inputs, "");
        }
        _recovery.openRound(_place);
    }

    function test_vote_recoversToAPasskey() external {
        bytes memory owner_ = _passkey(1);
        _vote(ALICE, owner_);
        IEmailRecovery.GuardianStatus memory status = _recovery.guardianOf(_place, ALICE);
        vm.assertEq(status.votedOwner, keccak256(owner_));
        (uint256 weight,) = _recovery.weightOf(_place, owner_);
        vm.assertEq(weight, 1);
        (uint64 nonce_,,) = _recovery.roundOf(_place);
        uint40 from = uint40(block.timestamp + DELAY);
        RecoveryPublicInputs memory last = mail(BOB, _recovery.recoverySubject(_place, owner_));
        vm.expectEmit(address(_recovery));
        emit IEmailRecovery.RecoveryStarted(
            _place, nonce_, owner_, from, uint40(block.timestamp + EXPIRY)
        );
        _recovery.vote(_place, owner_, last, "");
        vm.assertEq(_recovery.pendingRecoveryOf(_place).newOwner, owner_);
        vm.warp(from);
        vm.expectEmit(address(_recovery));
        emit IEmailRecovery.RecoveryExecuted(_place, nonce_, owner_);
        _recovery.execute(_place);
        vm.assertEq(_account.owner(), owner_);
        vm.assertEq(_recovery.pendingRecoveryOf(_place).newOwner, "");
    }

    /// @dev Votes add up for the same bytes only, whatever their length.
    function test_vote_doesNotAddUpForOtherBytes() external {
        bytes[4] memory others = [
            _passkey(2),
            abi.encodePacked(_passkey(1), uint8(0)),
            // The address whose bytes are the last 20 of the hash.
            asOwner(address(uint160(uint256(keccak256(_passkey(1)))))),
            abi.encodePacked(keccak256(_passkey(1)))
        ];
        for (uint256 i = 0; i < others.length; ++i) {
            uint256 state = vm.snapshotState();
            _vote(ALICE, _passkey(1));
            _vote(BOB, others[i]);
            vm.assertEq(_recovery.pendingRecoveryOf(_place).newOwner, "");
            (uint256 weight,) = _recovery.weightOf(_place, _passkey(1));
            vm.assertEq(weight, 1);
            (weight,) = _recovery.weightOf(_place, others[i]);
            vm.assertEq(weight, 1);
            _vote(CAROL, others[i]);
            vm.assertEq(_recovery.pendingRecoveryOf(_place).newOwner, others[i]);
            vm.revertToState(state);
        }
    }

    /// @dev From one to the other and back: nothing is left of what was voted before.
    function test_vote_isReplacedByOneForAnotherKindOfOwner() external {
        _vote(ALICE, _passkey(1));
        vm.warp(block.timestamp + 1);
        _vote(ALICE, asOwner(NEW_KEY));
        (uint256 weight,) = _recovery.weightOf(_place, _passkey(1));
        vm.assertEq(weight, 0);
        vm.warp(block.timestamp + 1);
        _vote(ALICE, _passkey(2));
        (weight,) = _recovery.weightOf(_place, asOwner(NEW_KEY));
        vm.assertEq(weight, 0);
        (weight,) = _recovery.weightOf(_place, _passkey(1));
        vm.assertEq(weight, 0);
        (weight,) = _recovery.weightOf(_place, _passkey(2));
        vm.assertEq(weight, 1);
    }

    function test_voteBatch_stopsWhereTheOwnerIsPending() external {
        bytes memory owner_ = _passkey(1);
        RecoveryPublicInputs[] memory inputs = new RecoveryPublicInputs[](3);
        GuardianId[3] memory all = [ALICE, BOB, CAROL];
        for (uint256 i = 0; i < 3; ++i) {
            inputs[i] = mail(all[i], _recovery.recoverySubject(_place, owner_));
        }
        _recovery.voteBatch(_place, owner_, inputs, new bytes[](3));
        vm.assertEq(_recovery.pendingRecoveryOf(_place).newOwner, owner_);
        // Where another is pending the batch is refused.
        bytes memory other = _passkey(2);
        vm.expectRevert();
        _recovery.voteBatch(_place, other, inputs, new bytes[](3));
    }

    function test_cancel_forgetsTheOwner() external {
        _vote(ALICE, _passkey(1));
        _vote(BOB, _passkey(1));
        vm.prank(_place);
        _recovery.cancel();
        vm.assertEq(_recovery.pendingRecoveryOf(_place).newOwner, "");
        vm.roll(block.number + 1);
        _recovery.openRound(_place);
        (uint256 weight,) = _recovery.weightOf(_place, _passkey(1));
        vm.assertEq(weight, 0);
        _vote(ALICE, asOwner(NEW_KEY));
        _vote(BOB, asOwner(NEW_KEY));
        vm.assertEq(_recovery.pendingRecoveryOf(_place).newOwner, asOwner(NEW_KEY));
    }

    function test_discard_endsARecoveryToAPasskey() external {
        _vote(ALICE, _passkey(1));
        _vote(BOB, _passkey(1));
        vm.expectRevert();
        _recovery.discard(_place);
        vm.warp(block.timestamp + EXPIRY);
        _recovery.discard(_place);
        vm.assertEq(_recovery.pendingRecoveryOf(_place).newOwner, "");
    }

    function test_vote_revertsWhenNobodyCouldBeTheOwner() external {
        bytes[7] memory wrong = [
            bytes(""),
            new bytes(19),
            asOwner(address(0)),
            asOwner(_place),
            new bytes(OwnerBytes.MAX_BYTES + 1),
            hex"01",
            // An address, as the ABI encodes it.
            abi.encode(NEW_KEY)
        ];
        for (uint256 i = 0; i < wrong.length; ++i) {
            RecoveryPublicInputs memory inputs =
                mail(ALICE, _recovery.recoverySubject(_place, wrong[i]));
            vm.expectRevert(
                abi.encodeWithSelector(IEmailRecovery.InvalidNewOwner.selector, _place, wrong[i])
            );
            _recovery.vote(_place, wrong[i], inputs, "");
        }
        _vote(ALICE, new bytes(OwnerBytes.MAX_BYTES));
        vm.warp(block.timestamp + 1);
        _vote(ALICE, new bytes(21));
        vm.warp(block.timestamp + 1);
        _vote(ALICE, new bytes(33));
        vm.warp(block.timestamp + 1);
        _vote(ALICE, abi.encode(uint256(1) << 160));
    }

    /// @dev The command of a sealed Subject is over the same bytes.
    function test_recoveryCommand_isOverTheOwnersBytes() external view {
        (uint64 nonce_,,) = _recovery.roundOf(_place);
        vm.assertEq(
            _recovery.recoveryCommand(_place, _passkey(1)),
            RecoverySubject.command(
                address(_recovery),
                _place,
                uint128(CHAIN),
                RecoverySubject.Action.Recover,
                nonce_,
                _passkey(1)
            )
        );
    }

    function _vote(GuardianId who, bytes memory owner_) private {
        RecoveryPublicInputs memory inputs = mail(who, _recovery.recoverySubject(_place, owner_));
        _recovery.vote(_place, owner_, inputs, "");
    }

    function _passkey(uint256 number) private pure returns (bytes memory) {
        return abi.encodePacked(address(0x7e7), number, number);
    }
}
