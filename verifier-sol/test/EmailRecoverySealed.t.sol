// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {RecoverySubject} from "../contracts/RecoverySubject.sol";
import {IEmailRecovery} from "../contracts/interfaces/IEmailRecovery.sol";
import {GuardianId} from "../contracts/interfaces/GuardianId.sol";
import {
    RecoveryPublicInputs,
    SUBJECT_WORDS,
    SubjectWord
} from "../contracts/interfaces/PublicInputs.sol";
import {MockedRecoveryTest} from "./support/MockedRecoveryTest.sol";

/// @notice Sealed Subjects: the chain sees a command, and the account says which form it takes.
contract EmailRecoverySealedTest is MockedRecoveryTest {
    /// @dev By another implementation of Keccak-256 and the ABI.
    uint256 private constant COMMAND =
        0x4bb7b8714b6de904603bf5123bdca889e11840a44e9fbe9b1f9e11b6642919;

    function sealedMail(GuardianId commitment, uint256 command)
        private
        returns (RecoveryPublicInputs memory inputs)
    {
        inputs = mail(commitment, "");
        inputs.subject = RecoverySubject.packSealed(command);
    }

    function configureForms(IEmailRecovery.SubjectForms forms) private {
        IEmailRecovery.RecoveryConfig memory config = defaultConfig();
        config.subjectForms = forms;
        configure(ACCOUNT, config);
    }

    function acceptSealed(GuardianId commitment) private {
        submitAcceptance(sealedMail(commitment, RECOVERY.acceptanceCommand(address(ACCOUNT))));
    }

    function sealedBallot(GuardianId commitment, address newKey)
        private
        returns (RecoveryPublicInputs memory)
    {
        openRound();
        return sealedMail(commitment, RECOVERY.recoveryCommand(address(ACCOUNT), asOwner(newKey)));
    }

    function refused(IEmailRecovery.SubjectForms accepted) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IEmailRecovery.SubjectFormRefused.selector, accepted);
    }

    function test_vote_sealedRecoversTheAccount() external {
        configureForms(IEmailRecovery.SubjectForms.Sealed);
        acceptSealed(ALICE);
        acceptSealed(BOB);
        submitVote(NEW_KEY, sealedBallot(ALICE, NEW_KEY));
        submitVote(NEW_KEY, sealedBallot(BOB, NEW_KEY));
        vm.assertEq(pendingKey(), NEW_KEY);
        vm.warp(block.timestamp + DELAY);
        RECOVERY.execute(address(ACCOUNT));
        vm.assertEq(ACCOUNT.owner(), NEW_KEY);
    }

    function test_vote_bothFormsCountTogether() external {
        acceptSealed(ALICE);
        accept(BOB);
        submitVote(NEW_KEY, sealedBallot(ALICE, NEW_KEY));
        vote(BOB, NEW_KEY);
        vm.assertEq(pendingKey(), NEW_KEY);
    }

    function test_voteToCancel_sealed() external {
        startRecovery(NEW_KEY);
        uint256 command = RECOVERY.cancellationCommand(address(ACCOUNT));
        submitCancellation(sealedMail(ALICE, command));
        submitCancellation(sealedMail(BOB, command));
        vm.assertEq(pendingKey(), address(0));
    }

    function test_vote_revertsWhenTheAccountTakesOnlyClearSubjects() external {
        configureForms(IEmailRecovery.SubjectForms.Clear);
        RecoveryPublicInputs memory inputs =
            sealedMail(ALICE, RECOVERY.acceptanceCommand(address(ACCOUNT)));
        refuseAcceptance(inputs, refused(IEmailRecovery.SubjectForms.Clear));
        acceptAll();
        inputs = sealedBallot(ALICE, NEW_KEY);
        refuseVote(NEW_KEY, inputs, refused(IEmailRecovery.SubjectForms.Clear));
    }

    function test_vote_revertsWhenTheAccountTakesOnlySealedSubjects() external {
        configureForms(IEmailRecovery.SubjectForms.Sealed);
        refuseAcceptance(acceptance(ALICE), refused(IEmailRecovery.SubjectForms.Sealed));
        acceptSealed(ALICE);
        refuseVote(NEW_KEY, ballot(ALICE, NEW_KEY), refused(IEmailRecovery.SubjectForms.Sealed));
        vm.assertEq(
            uint8(RECOVERY.configOf(address(ACCOUNT)).subjectForms),
            uint8(IEmailRecovery.SubjectForms.Sealed)
        );
    }

    /// @dev Another action, key, round, account or contract is another command.
    function test_vote_revertsWhenTheCommandIsAnother() external {
        acceptAll();
        openRound();
        uint256[] memory others = new uint256[](7);
        uint128 chain = uint128(block.chainid);
        address account = address(ACCOUNT);
        bytes memory owner = abi.encodePacked(NEW_KEY);
        RecoverySubject.Action recover = RecoverySubject.Action.Recover;
        others[0] = RECOVERY.acceptanceCommand(account);
        others[1] = RECOVERY.cancellationCommand(account);
        others[2] = RECOVERY.recoveryCommand(account, asOwner(OTHER_KEY));
        others[3] =
            RecoverySubject.command(address(RECOVERY), account, chain, recover, nonce() + 1, owner);
        others[4] = RecoverySubject.command(
            address(RECOVERY), address(OTHER_ACCOUNT), chain, recover, nonce(), owner
        );
        others[5] = RecoverySubject.command(
            address(OTHER_RECOVERY), account, chain, recover, nonce(), owner
        );
        others[6] =
            RecoverySubject.command(address(RECOVERY), account, chain + 1, recover, nonce(), owner);
        uint256 expected = RECOVERY.recoveryCommand(account, asOwner(NEW_KEY));
        for (uint256 i = 0; i < others.length; ++i) {
            RecoveryPublicInputs memory inputs = sealedMail(ALICE, others[i]);
            refuseVote(
                NEW_KEY,
                inputs,
                abi.encodeWithSelector(
                    IEmailRecovery.SubjectMismatch.selector,
                    RecoverySubject.packSealed(expected),
                    inputs.subject
                )
            );
        }
        vm.assertEq(
            expected,
            RecoverySubject.command(address(RECOVERY), account, chain, recover, nonce(), owner)
        );
        submitVote(NEW_KEY, sealedMail(ALICE, expected));
    }

    /// @dev All six words count: the mark alone does not make a Subject sealed over a command.
    function test_vote_revertsWhenAWordBetweenIsNotZero() external {
        acceptAll();
        for (uint256 word = 1; word < SUBJECT_WORDS - 1; ++word) {
            RecoveryPublicInputs memory inputs = sealedBallot(ALICE, NEW_KEY);
            SubjectWord[SUBJECT_WORDS] memory wanted = inputs.subject;
            SubjectWord[SUBJECT_WORDS] memory got =
                RecoverySubject.packSealed(SubjectWord.unwrap(wanted[0]));
            got[word] = SubjectWord.wrap(1);
            inputs.subject = got;
            refuseVote(
                NEW_KEY,
                inputs,
                abi.encodeWithSelector(IEmailRecovery.SubjectMismatch.selector, wanted, got)
            );
        }
    }

    /// @dev As the command line computes it; compared with `recovery_subject.rs` by value.
    function test_command_isThatOfTheCommandLine() external pure {
        uint256 command = RecoverySubject.command(
            0x7EC0000000000000000000000000000000000001,
            0xAcc0000000000000000000000000000000000001,
            31_337,
            RecoverySubject.Action.Recover,
            7,
            abi.encodePacked(0x1111111111111111111111111111111111111111)
        );
        vm.assertEq(command, COMMAND);
        vm.assertEq(command >> 248, 0);
    }
}
