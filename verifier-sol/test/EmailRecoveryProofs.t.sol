// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {RecoverySubject} from "../contracts/RecoverySubject.sol";
import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {
    Nullifier,
    RecoveryPublicInputs,
    SCALAR_FIELD_ORDER
} from "../contracts/interfaces/PublicInputs.sol";
import {IVerifier} from "../contracts/interfaces/IVerifier.sol";
import {RealRecoveryTest} from "./support/RealRecoveryTest.sol";

/// @notice Recovery by real proofs of real signed mail, and replays of them. Each replayed proof
/// is one that the verifier accepts: what refuses it is the contract.
contract EmailRecoveryProofsTest is RealRecoveryTest {
    function test_subjects_areTheOnesOfTheMails() external {
        configure(ACCOUNT, guardiansConfig());
        vm.assertEq(RECOVERY.acceptanceSubject(address(ACCOUNT)), fixture("accept-alice").subject);
        ensureRound(RECOVERY, address(ACCOUNT));
        vm.assertEq(
            RECOVERY.recoverySubject(address(ACCOUNT), asOwner(NEW_KEY)),
            fixture("recover-alice").subject
        );
        vm.assertEq(RECOVERY.cancellationSubject(address(ACCOUNT)), fixture("cancel-alice").subject);
    }

    function test_recovery_acceptsTwoOfThreeGuardians() external {
        acceptAll();
        vote("recover-alice", NEW_KEY);
        vm.assertEq(asKey(RECOVERY.pendingRecoveryOf(address(ACCOUNT)).newOwner), address(0));
        vote("recover-carol", NEW_KEY);
        vm.warp(VOTES + DELAY);
        vm.prank(relayer);
        RECOVERY.execute(address(ACCOUNT));
        vm.assertEq(ACCOUNT.owner(), NEW_KEY);
    }

    function test_recovery_acceptsMailWithoutATimestampWhereAllowed() external {
        IEmailRecovery.RecoveryConfig memory config = guardiansConfig();
        config.undatedMail = IEmailRecovery.UndatedMail.Accept;
        config.threshold = 1;
        configure(ACCOUNT, config);
        accept("accept-alice-undated");
        accept("accept-bob");
        ensureRound(RECOVERY, address(ACCOUNT));
        vm.warp(START + VOTING_PERIOD - 1);
        vote("recover-bob-undated", NEW_KEY);
        vm.assertEq(asKey(RECOVERY.pendingRecoveryOf(address(ACCOUNT)).newOwner), NEW_KEY);
    }

    function test_recovery_revertsWhenMailWithoutATimestampIsNotAllowed() external {
        acceptAll();
        _voteReverts(
            "recover-bob-undated",
            abi.encodeWithSelector(IEmailRecovery.UndatedMailRefused.selector)
        );
    }

    function test_recovery_acceptsAProofUnderANewerRoot() external {
        acceptAll();
        vote("recover-alice-under-second-root", NEW_KEY);
        IEmailRecovery.GuardianStatus memory status = RECOVERY.guardianOf(address(ACCOUNT), alice);
        vm.assertTrue(status.votedRoot == secondRoot);
        vm.assertEq(status.votedOwner, asVoted(NEW_KEY));
    }

    function test_replay_revertsOnAnotherChain() external {
        acceptAll();
        _voteReverts("recover-alice-other-chain", _otherSubject("recover-alice-other-chain"));
        // On its own chain it is a vote.
        vm.chainId(1);
        vm.assertEq(
            RECOVERY.recoverySubject(address(ACCOUNT), asOwner(NEW_KEY)),
            fixture("recover-alice-other-chain").subject
        );
        vote("recover-alice-other-chain", NEW_KEY);
    }

    function test_replay_revertsOnAnotherAccount() external {
        acceptAll();
        _voteReverts("recover-alice-other-account", _otherSubject("recover-alice-other-account"));
        configure(OTHER_ACCOUNT, guardiansConfig());
        Fixture memory mail = fixture("accept-alice-other-account");
        RECOVERY.acceptGuardian(address(OTHER_ACCOUNT), mail.inputs, mail.proof);
        ensureRound(RECOVERY, address(OTHER_ACCOUNT));
        mail = fixture("recover-alice-other-account");
        RECOVERY.vote(address(OTHER_ACCOUNT), asOwner(NEW_KEY), mail.inputs, mail.proof);
        vm.assertEq(RECOVERY.guardianOf(address(OTHER_ACCOUNT), alice).votedOwner, asVoted(NEW_KEY));
    }

    /// @dev Two recovery contracts of one account, installed at once, with the same guardians.
    function test_replay_revertsOnAnotherRecoveryContract() external {
        callAs(
            ACCOUNT,
            address(OTHER_RECOVERY),
            abi.encodeCall(IEmailRecovery.configure, (guardiansConfig()))
        );
        acceptAll();
        _voteReverts("recover-alice-other-contract", _otherSubject("recover-alice-other-contract"));
        Fixture memory mail = fixture("accept-alice");
        bytes memory refusal = abi.encodeWithSelector(
            IEmailRecovery.SubjectMismatch.selector,
            RecoverySubject.pack(OTHER_RECOVERY.acceptanceSubject(address(ACCOUNT))),
            mail.inputs.subject
        );
        vm.expectRevert(refusal);
        OTHER_RECOVERY.acceptGuardian(address(ACCOUNT), mail.inputs, mail.proof);
        ensureRound(OTHER_RECOVERY, address(ACCOUNT));
        vm.assertEq(
            OTHER_RECOVERY.recoverySubject(address(ACCOUNT), asOwner(NEW_KEY)),
            fixture("recover-alice-other-contract").subject
        );
    }

    function test_replay_revertsUnderAnotherNonce() external {
        acceptAll();
        _voteReverts("recover-alice-next-nonce", _otherSubject("recover-alice-next-nonce"));
        cancel(ACCOUNT);
        ensureRound(RECOVERY, address(ACCOUNT));
        _voteReverts("recover-alice", _otherSubject("recover-alice"));
        vote("recover-alice-next-nonce", NEW_KEY);
        vote("recover-bob-next-nonce", NEW_KEY);
        vm.assertEq(asKey(RECOVERY.pendingRecoveryOf(address(ACCOUNT)).newOwner), NEW_KEY);
    }

    /// @dev After a recovery its own mails are worth nothing, though the new key has been lost too.
    function test_replay_revertsAfterTheRecovery() external {
        acceptAll();
        vote("recover-alice", NEW_KEY);
        vote("recover-bob", NEW_KEY);
        vm.warp(VOTES + DELAY);
        RECOVERY.execute(address(ACCOUNT));
        ensureRound(RECOVERY, address(ACCOUNT));
        _voteReverts(
            "recover-alice",
            abi.encodeWithSelector(
                IEmailRecovery.InvalidNewOwner.selector, address(ACCOUNT), asOwner(NEW_KEY)
            )
        );
        _setOwner(owner);
        _voteReverts("recover-alice", _otherSubject("recover-alice"));
        _voteReverts("recover-carol", _otherSubject("recover-carol"));
    }

    function test_replay_revertsForAnotherKey() external {
        acceptAll();
        Fixture memory mail = fixture("recover-bob-to-other-key");
        _voteReverts("recover-bob-to-other-key", _otherSubject("recover-bob-to-other-key"));
        RECOVERY.vote(address(ACCOUNT), asOwner(OTHER_KEY), mail.inputs, mail.proof);
    }

    /// @dev S18: a reply, and a command with something behind it.
    function test_subject_revertsWhenThereIsMoreThanTheCommand() external {
        acceptAll();
        _voteReverts("recover-alice-as-reply", _otherSubject("recover-alice-as-reply"));
        _voteReverts("recover-alice-with-more", _otherSubject("recover-alice-with-more"));
    }

    /// @dev S22: two mails of one guardian are one vote, the later one's; one mail under two roots is
    /// one mail.
    function test_guardian_countsOnceByTheLatestMail() external {
        acceptAll();
        vm.warp(VOTES + 60);
        vote("recover-alice", NEW_KEY);
        bytes memory notNewer =
            abi.encodeWithSelector(IEmailRecovery.MailNotNewer.selector, VOTES, VOTES);
        _voteReverts("recover-alice", notNewer);
        _voteReverts("recover-alice-under-second-root", notNewer);
        vote("recover-alice-again", NEW_KEY);
        (uint256 weight,) = RECOVERY.weightOf(address(ACCOUNT), asOwner(NEW_KEY));
        vm.assertEq(weight, 1);
        _voteReverts(
            "recover-alice",
            abi.encodeWithSelector(IEmailRecovery.MailNotNewer.selector, VOTES, VOTES + 60)
        );
        vm.assertEq(asKey(RECOVERY.pendingRecoveryOf(address(ACCOUNT)).newOwner), address(0));
    }

    /// @dev Two guardians see that the key is wrong, and stop it.
    function test_cancellation_byTwoGuardians() external {
        acceptAll();
        vote("recover-alice", NEW_KEY);
        vote("recover-bob", NEW_KEY);
        vm.warp(VOTES + 60);
        string[2] memory names = ["cancel-alice", "cancel-bob"];
        for (uint256 i = 0; i < 2; ++i) {
            vm.assertEq(asKey(RECOVERY.pendingRecoveryOf(address(ACCOUNT)).newOwner), NEW_KEY);
            Fixture memory mail = fixture(names[i]);
            vm.prank(relayer);
            RECOVERY.voteToCancel(address(ACCOUNT), mail.inputs, mail.proof);
        }
        vm.assertEq(asKey(RECOVERY.pendingRecoveryOf(address(ACCOUNT)).newOwner), address(0));
    }

    /// @dev S16, S22: whatever root a mail is proved under, its nullifier is the same.
    function test_nullifier_revertsWhenTheMailIsProvedUnderAnotherRoot() external {
        acceptAll();
        vote("recover-alice", NEW_KEY);
        vm.warp(VOTES + 60);
        vm.prank(registrar);
        registry.revokeRoots(onlyRoot(firstRoot));
        Fixture memory same = fixture("recover-alice-under-second-root");
        vm.assertEq(
            Nullifier.unwrap(same.inputs.nullifier),
            Nullifier.unwrap(fixture("recover-alice").inputs.nullifier)
        );
        _voteReverts(
            "recover-alice-under-second-root",
            abi.encodeWithSelector(IEmailRecovery.MailNotNewer.selector, VOTES, VOTES)
        );
        vote("recover-alice-again-under-second-root", NEW_KEY);
        (uint256 weight,) = RECOVERY.weightOf(address(ACCOUNT), asOwner(NEW_KEY));
        vm.assertEq(weight, 1);
    }

    /// @dev S15: x + r is another word and the same field element.
    function test_nullifier_revertsWhenNotCanonical() external {
        acceptAll();
        vote("recover-alice", NEW_KEY);
        Fixture memory mail = fixture("recover-bob");
        uint256 nullifier = Nullifier.unwrap(mail.inputs.nullifier);
        mail.inputs.nullifier = Nullifier.wrap(nullifier + SCALAR_FIELD_ORDER);
        vm.expectRevert(IVerifier.InstanceNotCanonical.selector);
        RECOVERY.vote(address(ACCOUNT), asOwner(NEW_KEY), mail.inputs, mail.proof);
    }

    function test_guardian_revertsWhenItIsNone() external {
        acceptAll();
        bytes memory refusal =
            abi.encodeWithSelector(IEmailRecovery.NotGuardian.selector, address(ACCOUNT), mallory);
        _voteReverts("recover-mallory", refusal);
        Fixture memory mail = fixture("accept-mallory");
        vm.expectRevert(refusal);
        RECOVERY.acceptGuardian(address(ACCOUNT), mail.inputs, mail.proof);
    }

    /// @dev A stranger's mail under a guardian's commitment: the proof is for the stranger's.
    function test_proof_revertsWhenThePublicInputsAreAnothers() external {
        acceptAll();
        Fixture memory mail = fixture("recover-mallory");
        mail.inputs.emailCommitment = asMailbox(alice);
        vm.expectRevert(IEmailRecovery.InvalidProof.selector);
        RECOVERY.vote(address(ACCOUNT), asOwner(NEW_KEY), mail.inputs, mail.proof);
    }

    /// @dev A mail cannot be made younger or older than it is.
    function test_proof_revertsWhenTheTimestampIsChanged() external {
        acceptAll();
        Fixture memory mail = fixture("recover-alice");
        vm.warp(VOTES + MAIL_AGE + 1);
        _voteReverts(
            "recover-alice",
            abi.encodeWithSelector(IEmailRecovery.MailTooOld.selector, VOTES, VOTES + 1)
        );
        mail.inputs.notBefore = block.timestamp;
        vm.expectRevert(IEmailRecovery.InvalidProof.selector);
        RECOVERY.vote(address(ACCOUNT), asOwner(NEW_KEY), mail.inputs, mail.proof);
    }

    /// @dev Nor can one with a timestamp be passed for one without.
    function test_proof_revertsWhenTheTimestampIsLeftOut() external {
        IEmailRecovery.RecoveryConfig memory config = guardiansConfig();
        config.undatedMail = IEmailRecovery.UndatedMail.Accept;
        configure(ACCOUNT, config);
        Fixture memory mail = fixture("accept-alice");
        mail.inputs.notBefore = 0;
        vm.expectRevert(IEmailRecovery.InvalidProof.selector);
        RECOVERY.acceptGuardian(address(ACCOUNT), mail.inputs, mail.proof);
    }

    /// @dev S21: the key was withdrawn while the mail was on its way.
    function test_root_revertsWhenRevokedInFlight() external {
        acceptAll();
        revokeRoot(firstRoot);
        _voteReverts(
            "recover-alice",
            abi.encodeWithSelector(IEmailRecovery.RootNotAccepted.selector, firstRoot)
        );
        vote("recover-alice-under-second-root", NEW_KEY);
    }

    /// @dev Whoever sees the proof in the mempool and sends it first has only paid for it.
    /// forge-config: default.fuzz.runs = 24
    function testFuzz_frontRunning_changesNothing(address thief) external {
        vm.assume(thief != address(ACCOUNT));
        acceptAll();
        Fixture memory mail = fixture("recover-alice");
        vm.prank(thief);
        RECOVERY.vote(address(ACCOUNT), asOwner(NEW_KEY), mail.inputs, mail.proof);
        vm.assertEq(RECOVERY.guardianOf(address(ACCOUNT), alice).votedOwner, asVoted(NEW_KEY));
        _voteReverts(
            "recover-alice",
            abi.encodeWithSelector(IEmailRecovery.MailNotNewer.selector, VOTES, VOTES)
        );
        vote("recover-bob", NEW_KEY);
        vm.assertEq(asKey(RECOVERY.pendingRecoveryOf(address(ACCOUNT)).newOwner), NEW_KEY);
    }

    /// @dev Any cut of the calldata fails and leaves no trace.
    /// forge-config: default.fuzz.runs = 24
    function testFuzz_calldata_revertsWhenCut(uint256 length) external {
        acceptAll();
        Fixture memory mail = fixture("recover-alice");
        bytes memory data = abi.encodeCall(
            RECOVERY.vote, (address(ACCOUNT), asOwner(NEW_KEY), mail.inputs, mail.proof)
        );
        length = bound(length, 0, data.length - 1);
        assembly ("memory-safe") {
            mstore(data, length)
        }
        (bool ok,) = address(RECOVERY).call(data);
        vm.assertFalse(ok);
        vm.assertEq(RECOVERY.guardianOf(address(ACCOUNT), alice).votedOwner, asVoted(address(0)));
    }

    /// @dev Any changed byte of the calldata fails, or does what the mail says.
    /// forge-config: default.fuzz.runs = 24
    function testFuzz_calldata_changedByteDoesNothingElse(uint256 at, bytes1 flip) external {
        vm.assume(flip != 0);
        acceptAll();
        Fixture memory mail = fixture("recover-alice");
        bytes memory data = abi.encodeCall(
            RECOVERY.vote, (address(ACCOUNT), asOwner(NEW_KEY), mail.inputs, mail.proof)
        );
        at = bound(at, 0, data.length - 1);
        data[at] ^= flip;
        (bool ok,) = address(RECOVERY).call(data);
        vm.assertFalse(ok);
    }

    function _voteReverts(string memory name, bytes memory refusal) private {
        Fixture memory mail = fixture(name);
        vm.assertTrue(verifier.verify(mail.inputs, mail.proof), "the proof itself is valid");
        vm.expectRevert(refusal);
        vm.prank(relayer);
        RECOVERY.vote(address(ACCOUNT), asOwner(NEW_KEY), mail.inputs, mail.proof);
    }

    function _otherSubject(string memory name) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IEmailRecovery.SubjectMismatch.selector,
            RecoverySubject.pack(RECOVERY.recoverySubject(address(ACCOUNT), asOwner(NEW_KEY))),
            fixture(name).inputs.subject
        );
    }

    function _setOwner(address newOwner) private {
        vm.prank(address(RECOVERY));
        ACCOUNT.setOwner(newOwner);
    }
}
