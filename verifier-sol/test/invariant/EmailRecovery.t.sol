// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {RegistryRoot} from "../../contracts/interfaces/PublicInputs.sol";
import {MockProofVerifier} from "../support/MockProofVerifier.sol";
import {RecoveryTest} from "../support/RecoveryTest.sol";
import {RecoveryHandler} from "./RecoveryHandler.sol";
import {RecoveryModel} from "./RecoveryModel.sol";

/// @notice Whatever happens in whatever order, contracts and model agree, and what the model can't
/// show holds as well. Proofs are no subject of this test: every mail has one.
contract EmailRecoveryInvariantTest is RecoveryTest {
    RecoveryModel private _model;
    RecoveryHandler private _handler;

    function setUp() public override {
        super.setUp();
        verifier = new MockProofVerifier();
        RegistryRoot[] memory roots = new RegistryRoot[](4);
        for (uint256 i = 0; i < 4; ++i) {
            roots[i] = asRoot(i + 1);
        }
        acceptRoots(roots);
        _model = new RecoveryModel(owner, VOTING_PERIOD, DELAY, EXPIRY, MAIL_AGE);
        _handler = new RecoveryHandler(
            _model,
            RECOVERY,
            ACCOUNT,
            registry,
            registrar,
            twoOfThree([asGuardian(1), asGuardian(2), asGuardian(3)])
        );
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_keyChangesOnlyByOwnerOrCompletedRecovery() external view {
        vm.assertEq(ACCOUNT.owner(), _model.owner());
    }

    function invariant_roundIsTheModels() external view {
        (uint64 nonce, uint256 openedAt, uint256 closesAt) = RECOVERY.roundOf(address(ACCOUNT));
        vm.assertEq(openedAt, _model.isOpen() ? _model.openedAt() : 0);
        vm.assertEq(closesAt, openedAt == 0 ? 0 : openedAt + VOTING_PERIOD);
        vm.assertTrue(nonce == 0 || _handler.drawn(nonce));
    }

    /// @dev Whatever anybody has done, with whatever mails: the account's own word ends it.
    function invariant_theOwnerCanAlwaysCancel() external {
        if (!_model.configured()) return;
        uint256 before = vm.snapshotState();
        cancel(ACCOUNT);
        vm.assertEq(asKey(RECOVERY.pendingRecoveryOf(address(ACCOUNT)).newOwner), address(0));
        (uint64 nonce,,) = RECOVERY.roundOf(address(ACCOUNT));
        vm.assertEq(nonce, 0);
        vm.warp(block.timestamp + DELAY);
        (bool ok,) =
            address(RECOVERY).call(abi.encodeCall(IEmailRecovery.execute, (address(ACCOUNT))));
        vm.assertFalse(ok);
        vm.revertToState(before);
    }

    function invariant_pendingRecoveryIsTheModels() external view {
        IEmailRecovery.PendingRecovery memory pending = RECOVERY.pendingRecoveryOf(address(ACCOUNT));
        vm.assertEq(asKey(pending.newOwner), _model.pendingKey());
        vm.assertEq(pending.executableFrom, _model.executableFrom());
        vm.assertEq(pending.expiresAt, _model.expiresAt());
    }

    function invariant_votesNeverExceedGuardians() external view {
        uint256 total;
        for (uint256 i = 0; i < _model.GUARDIANS(); ++i) {
            IEmailRecovery.GuardianStatus memory status =
                RECOVERY.guardianOf(address(ACCOUNT), _handler.commitment(i));
            vm.assertEq(status.weight, _model.weight(i));
            vm.assertTrue(status.accepted == _model.accepted(i));
            total += status.weight;
        }
        if (!_model.configured()) return;
        uint256 sum;
        for (uint256 i = 0; i < 3; ++i) {
            address key = _handler.candidate(i);
            (uint256 weight, uint256 threshold) = RECOVERY.weightOf(address(ACCOUNT), asOwner(key));
            bool pending = key == _model.pendingKey();
            vm.assertEq(weight, pending ? _model.pendingWeight() : _model.weightFor(key));
            vm.assertEq(threshold, _model.threshold());
            sum += weight;
        }
        vm.assertLe(sum, total);
    }

    /// @dev What would weaken the recovery waits, for as long as a recovery does.
    function invariant_theWaitingChangeIsTheModels() external view {
        IEmailRecovery.ScheduledChange memory waits = RECOVERY.scheduledChangeOf(address(ACCOUNT));
        vm.assertEq(waits.applicableFrom, _model.isWaiting() ? _model.waitingFrom() : 0);
        vm.assertTrue((waits.id != 0) == _model.isWaiting());
    }

    /// @dev `RecoveryHandler` fails when a round ends twice; here, that what has ended is over.
    function invariant_whatHasEndedStaysEnded() external view {
        (uint64 nonce,,) = RECOVERY.roundOf(address(ACCOUNT));
        if (nonce != 0) vm.assertEq(_handler.ended(_model.rounds()), "");
    }

    /// @dev One long life, to see that the handler gets everywhere.
    function test_handler_reachesEveryAction() external {
        uint256 seed;
        for (uint256 i = 0; i < 4000; ++i) {
            seed = uint256(keccak256(abi.encode(i)));
            _step(seed % 100, seed >> 8, address(uint160(seed >> 96)));
        }
        string[17] memory actions = [
            "configure",
            "remove",
            "cancel",
            "open round",
            "vote to cancel",
            "cancelled by guardians",
            "change owner",
            "accept",
            "vote",
            "start",
            "execute",
            "discard",
            "revoke root",
            "change waits",
            "removal waits",
            "apply change",
            "cancel change"
        ];
        for (uint256 i = 0; i < actions.length; ++i) {
            vm.assertGe(_handler.done(actions[i]), 3, actions[i]);
        }
    }

    function _step(uint256 dice, uint256 seed, address sender) private {
        if (dice < 36) _handler.writeAndVote(seed << 8, sender);
        else if (dice < 48) _handler.accept(seed, sender);
        else if (dice < 56) _handler.openRound(sender);
        else if (dice < 70) _handler.passTime(seed);
        else if (dice < 73) _handler.execute(sender);
        else if (dice < 76) _handler.passToExpiry(seed);
        else if (dice < 82) _handler.discard(sender);
        else if (dice < 86) _handler.vote(seed, sender);
        else if (dice < 90) _handler.write(seed << 8);
        else if (dice < 92) _handler.configure(seed, seed << 96, seed % 2 == 0);
        else if (dice < 93) _handler.applyChange(seed, sender);
        else if (dice < 94) _handler.cancelChange(seed);
        else if (dice < 95) _handler.cancel(seed);
        else if (dice < 97) _handler.remove(seed);
        else if (dice < 98) _handler.changeOwner(seed);
        else _handler.revokeRoot(seed);
    }
}
