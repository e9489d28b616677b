// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IEmailRecovery} from "../../contracts/interfaces/IEmailRecovery.sol";
import {IRecoveryProofVerifier} from "../../contracts/interfaces/IRecoveryProofVerifier.sol";
import {
    EmailCommitment,
    Nullifier,
    RecoveryPublicInputs,
    SUBJECT_WORDS,
    SubjectWord
} from "../../contracts/interfaces/PublicInputs.sol";
import {RecoverySubject} from "../../contracts/RecoverySubject.sol";
import {OwnedAccount} from "../support/OwnedAccount.sol";
import {OwnedAccountRecovery} from "../support/OwnedAccountRecovery.sol";
import {Test} from "../support/Test.sol";
import {EveryRoot, OneGuardianVerifier} from "./OneGuardian.sol";
import {Svm} from "./Svm.sol";

/// @notice For halmos: from each state of a recovery, whatever one call by anybody but the account does, at
/// any time, with any arguments and with every proof of one guardian of three. Two are needed.
contract EmailRecoverySymbolicTest is Test {
    Svm private constant SVM = Svm(0xF3993A62377BCd56AE39D773740A5390411E8BC9);
    uint256 private constant START = 1_800_000_000;
    uint32 private constant DELAY = 2 days;
    uint32 private constant EXPIRY = 9 days;
    address private constant NEW_KEY = 0x1111111111111111111111111111111111111111;
    address private constant OWNER = address(0x1000);
    uint256 private constant THIEF = 1;

    OwnedAccount private _account;
    OwnedAccountRecovery private _recovery;
    OneGuardianVerifier private _verifier;
    EveryRoot private _registry;
    uint256 private _mails;

    function setUp() external {
        vm.warp(START);
        vm.roll(20_000_000);
        _account = new OwnedAccount();
        _recovery = new OwnedAccountRecovery();
        _verifier = new OneGuardianVerifier(EmailCommitment.wrap(THIEF));
        _registry = new EveryRoot();
        _account.initialise(OWNER, address(_recovery));
        vm.prank(address(_account));
        _recovery.configure(_config(2));
        uint256 command = _recovery.acceptanceCommand(address(_account));
        for (uint256 i = 1; i <= 3; ++i) {
            _recovery.acceptGuardian(address(_account), _mail(i, command), "");
        }
    }

    // One call, from each state

    function check_withoutARound() external {
        _anybodyDoesAnything();
        _nothingHasHappened();
        _theOwnerCancels();
    }

    function check_withAVote() external {
        _open();
        _vote(THIEF);
        _anybodyDoesAnything();
        _nothingHasHappened();
        _theOwnerCancels();
    }

    function check_withAChangeThatWaits() external {
        vm.prank(address(_account));
        _recovery.configure(_config(1));
        uint256 from = _recovery.scheduledChangeOf(address(_account)).applicableFrom;
        assert(from == START + DELAY);
        _anybodyDoesAnything();
        _nothingHasHappened();
        uint256 threshold = _recovery.configOf(address(_account)).threshold;
        assert(threshold == 2 || (threshold == 1 && block.timestamp >= from));
        _theOwnerCancels();
    }

    function check_withARecovery() external {
        _open();
        _vote(THIEF);
        _vote(2);
        IEmailRecovery.PendingRecovery memory before =
            _recovery.pendingRecoveryOf(address(_account));
        assert(before.executableFrom == START + DELAY);
        _anybodyDoesAnything();
        address owner = _account.owner();
        if (owner != OWNER) {
            assert(owner == NEW_KEY);
            assert(block.timestamp >= before.executableFrom && block.timestamp < before.expiresAt);
        }
        IEmailRecovery.PendingRecovery memory present =
            _recovery.pendingRecoveryOf(address(_account));
        if (present.executableFrom == 0) {
            // Executed, or discarded because it had expired: one guardian ends nothing.
            assert(owner == NEW_KEY || block.timestamp >= before.expiresAt);
        } else {
            assert(owner == OWNER);
            assert(keccak256(present.newOwner) == keccak256(before.newOwner));
            assert(present.executableFrom == before.executableFrom);
            assert(present.expiresAt == before.expiresAt);
        }
        _theOwnerCancels();
    }

    function _anybodyDoesAnything() private {
        _verifier.onlyOne();
        uint256 time = SVM.createUint256("time");
        vm.assume(time >= START && time < START + 3650 days);
        vm.warp(time);
        address caller = SVM.createAddress("caller");
        vm.assume(caller != address(_account) && caller != address(_recovery));
        bytes memory call = _anyCall(SVM.createUint256("function"));
        vm.prank(caller);
        (bool done,) = address(_recovery).call(call);
        done;
    }

    /// @dev Every function that can change something of the account: what a caller does to its own account alone
    /// (`configure`, `cancel` and their like) is written under the caller's address.
    function _anyCall(uint256 which) private view returns (bytes memory) {
        address account = address(_account);
        if (which == 0) return abi.encodeCall(IEmailRecovery.openRound, (account));
        if (which == 1) return abi.encodeCall(IEmailRecovery.execute, (account));
        if (which == 2) return abi.encodeCall(IEmailRecovery.discard, (account));
        if (which == 3) {
            return abi.encodeCall(IEmailRecovery.applyChange, (account, _config(1), ""));
        }
        RecoveryPublicInputs memory inputs = _anyInputs();
        if (which == 4) {
            return abi.encodeCall(IEmailRecovery.acceptGuardian, (account, inputs, ""));
        }
        if (which == 5) return abi.encodeCall(IEmailRecovery.voteToCancel, (account, inputs, ""));
        bytes memory newOwner = abi.encodePacked(SVM.createAddress("new owner"));
        if (which == 6) {
            return abi.encodeCall(IEmailRecovery.vote, (account, newOwner, inputs, ""));
        }
        if (which == 7) {
            RecoveryPublicInputs[] memory batch = new RecoveryPublicInputs[](1);
            batch[0] = inputs;
            return
                abi.encodeCall(IEmailRecovery.voteBatch, (account, newOwner, batch, new bytes[](1)));
        }
        bytes memory signer = abi.encodePacked(SVM.createAddress("signer"));
        uint40 signedAt = uint40(SVM.createUint256("signed at"));
        bytes memory signature = abi.encodePacked(
            SVM.createUint256("r"), SVM.createUint256("s"), uint8(SVM.createUint256("v"))
        );
        if (which == 8) {
            return abi.encodeCall(
                IEmailRecovery.acceptBySignature, (account, signer, signedAt, signature)
            );
        }
        if (which == 9) {
            return abi.encodeCall(
                IEmailRecovery.voteBySignature, (account, newOwner, signer, signedAt, signature)
            );
        }
        return abi.encodeCall(
            IEmailRecovery.voteToCancelBySignature, (account, signer, signedAt, signature)
        );
    }

    /// @dev A mail that was not used yet, under a root that counts, sealed over whatever command.
    function _anyInputs() private view returns (RecoveryPublicInputs memory inputs) {
        inputs.registryRoot = asRoot(1);
        inputs.emailCommitment = EmailCommitment.wrap(SVM.createUint256("commitment"));
        inputs.notBefore = SVM.createUint256("not before");
        inputs.nullifier = Nullifier.wrap(1000);
        inputs.subject = RecoverySubject.packSealed(SVM.createUint256("command"));
    }

    function _nothingHasHappened() private view {
        assert(_account.owner() == OWNER);
        assert(_recovery.pendingRecoveryOf(address(_account)).executableFrom == 0);
    }

    function _theOwnerCancels() private {
        vm.prank(address(_account));
        _recovery.cancel();
        assert(_recovery.pendingRecoveryOf(address(_account)).executableFrom == 0);
        (uint64 nonce,,) = _recovery.roundOf(address(_account));
        assert(nonce == 0);
    }

    function _open() private {
        _recovery.openRound(address(_account));
    }

    function _vote(uint256 guardian) private {
        bytes memory newOwner = asOwner(NEW_KEY);
        uint256 command = _recovery.recoveryCommand(address(_account), newOwner);
        _recovery.vote(address(_account), newOwner, _mail(guardian, command), "");
    }

    function _mail(uint256 guardian, uint256 command)
        private
        returns (RecoveryPublicInputs memory)
    {
        SubjectWord[SUBJECT_WORDS] memory subject = RecoverySubject.packSealed(command);
        return RecoveryPublicInputs(
            asRoot(1),
            EmailCommitment.wrap(guardian),
            block.timestamp,
            Nullifier.wrap(++_mails),
            subject
        );
    }

    function _config(uint32 threshold)
        private
        view
        returns (IEmailRecovery.RecoveryConfig memory config)
    {
        config.verifier = IRecoveryProofVerifier(_verifier);
        config.registry = _registry;
        config.threshold = threshold;
        config.cancelThreshold = 2;
        config.votingPeriod = 7 days;
        config.delay = DELAY;
        config.expiry = EXPIRY;
        config.maxMailAge = 3 days;
        config.subjectForms = IEmailRecovery.SubjectForms.Sealed;
        config.guardians = new IEmailRecovery.GuardianWeight[](3);
        for (uint256 i = 0; i < 3; ++i) {
            config.guardians[i] = IEmailRecovery.GuardianWeight(asGuardian(i + 1), 1);
        }
    }
}
