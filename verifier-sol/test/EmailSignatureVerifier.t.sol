// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {EmailSignatureVerifier} from "../contracts/EmailSignatureVerifier.sol";
import {RecoverySubject} from "../contracts/RecoverySubject.sol";
import {GuardianId} from "../contracts/interfaces/GuardianId.sol";
import {IKeyRegistryRoots} from "../contracts/interfaces/IKeyRegistryRoots.sol";
import {IRecoveryProofVerifier} from "../contracts/interfaces/IRecoveryProofVerifier.sol";
import {
    RecoveryPublicInputs,
    SUBJECT_WORDS,
    SubjectWord
} from "../contracts/interfaces/PublicInputs.sol";
import {MockedRecoveryTest} from "./support/MockedRecoveryTest.sol";

/// @notice A mailbox among other signers.
contract EmailSignatureVerifierTest is MockedRecoveryTest {
    bytes32 private constant HASH = keccak256("what is signed");
    bytes4 private constant INVALID = 0xffffffff;

    EmailSignatureVerifier private _verifier;

    function setUp() public override {
        super.setUp();
        _verifier = new EmailSignatureVerifier(mock, registry);
    }

    function test_verify_takesAMailThatSignsTheHash() external {
        bytes memory signature = abi.encode(_mail(HASH), bytes(""));
        vm.assertTrue(
            _verifier.verify(_key(ALICE), HASH, signature)
                == IERC7913SignatureVerifier.verify.selector
        );
        bytes memory signer = abi.encodePacked(address(_verifier), _key(ALICE));
        vm.assertTrue(SignatureChecker.isValidSignatureNow(signer, HASH, signature));
    }

    function test_verify_refusesAnotherHashSignerOrRoot() external {
        RecoveryPublicInputs memory inputs = _mail(HASH);
        bytes memory signature = abi.encode(inputs, bytes(""));
        vm.assertTrue(_verifier.verify(_key(ALICE), keccak256("other"), signature) == INVALID);
        vm.assertTrue(_verifier.verify(_key(BOB), HASH, signature) == INVALID);
        inputs.registryRoot = asRoot(77);
        vm.assertTrue(_verifier.verify(_key(ALICE), HASH, abi.encode(inputs, bytes(""))) == INVALID);
        revokeRoot(ROOT);
        vm.assertTrue(_verifier.verify(_key(ALICE), HASH, signature) == INVALID);
    }

    function test_verify_refusesKeysOfAnotherLength() external {
        bytes memory signature = abi.encode(_mail(HASH), bytes(""));
        vm.assertTrue(_verifier.verify("", HASH, signature) == INVALID);
        bytes memory longer = abi.encodePacked(_key(ALICE), hex"00");
        vm.assertTrue(_verifier.verify(longer, HASH, signature) == INVALID);
    }

    function test_verify_refusesAFalseProof() external {
        mock.setAnswer(false);
        bytes memory signature = abi.encode(_mail(HASH), bytes(""));
        vm.assertTrue(_verifier.verify(_key(ALICE), HASH, signature) == INVALID);
    }

    /// @dev A vote signs nothing, and what is signed votes for nothing.
    function test_verify_refusesOtherCommands() external {
        acceptAll();
        RecoveryPublicInputs memory inputs = ballot(ALICE, NEW_KEY);
        vm.assertTrue(_verifier.verify(_key(ALICE), HASH, abi.encode(inputs, bytes(""))) == INVALID);
        inputs = _mail(HASH);
        refuseVote(NEW_KEY, inputs, notThisBallot(NEW_KEY, inputs));
    }

    /// @dev Sealed, it signs this hash on this chain and nothing else.
    function test_verify_takesASealedMail() external {
        RecoveryPublicInputs memory inputs = _mail(HASH);
        inputs.subject = RecoverySubject.packSealed(_verifier.signatureCommand(HASH));
        bytes memory signature = abi.encode(inputs, bytes(""));
        vm.assertTrue(
            _verifier.verify(_key(ALICE), HASH, signature)
                == IERC7913SignatureVerifier.verify.selector
        );
        vm.assertTrue(_verifier.verify(_key(ALICE), keccak256("other"), signature) == INVALID);
        EmailSignatureVerifier other = new EmailSignatureVerifier(mock, registry);
        vm.assertTrue(other.verify(_key(ALICE), HASH, signature) == INVALID);
        vm.chainId(1);
        vm.assertTrue(_verifier.verify(_key(ALICE), HASH, signature) == INVALID);
    }

    /// @dev By another computation; a mail that is sealed for a recovery signs nothing.
    function test_signatureCommand_isOfItsOwn() external {
        bytes32 command = keccak256(
            abi.encode(2, CHAIN, address(_verifier), address(0), 3, 0, keccak256(abi.encode(HASH)))
        );
        vm.assertEq(_verifier.signatureCommand(HASH), uint256(command) >> 8);
        acceptAll();
        openRound();
        RecoveryPublicInputs memory inputs = _mail(HASH);
        uint256 vote_ = RECOVERY.recoveryCommand(address(ACCOUNT), asOwner(NEW_KEY));
        inputs.subject = RecoverySubject.packSealed(vote_);
        bytes memory signature = abi.encode(inputs, bytes(""));
        vm.assertTrue(_verifier.verify(_key(ALICE), bytes32(vote_ << 8), signature) == INVALID);
    }

    /// @dev Every word of the Subject counts.
    function testFuzz_verify_refusesAnyOtherSubject(uint256 word, uint256 flip) external {
        vm.assume(flip != 0);
        RecoveryPublicInputs memory inputs = _mail(HASH);
        word %= SUBJECT_WORDS;
        inputs.subject[word] = SubjectWord.wrap(SubjectWord.unwrap(inputs.subject[word]) ^ flip);
        vm.assertTrue(_verifier.verify(_key(ALICE), HASH, abi.encode(inputs, bytes(""))) == INVALID);
    }

    function test_signature_isTheTextOfTheStatement() external pure {
        vm.assertEq(
            RecoverySubject.signature(bytes32(uint256(0xabc))),
            "Sign 0x0000000000000000000000000000000000000000000000000000000000000abc"
        );
    }

    function test_constructor_revertsWhenThereIsNoCode() external {
        vm.expectRevert(abi.encodeWithSelector(EmailSignatureVerifier.NoCode.selector, address(0)));
        new EmailSignatureVerifier(IRecoveryProofVerifier(address(0)), registry);
        vm.expectRevert(abi.encodeWithSelector(EmailSignatureVerifier.NoCode.selector, relayer));
        new EmailSignatureVerifier(mock, IKeyRegistryRoots(relayer));
    }

    function _mail(bytes32 hash) private returns (RecoveryPublicInputs memory) {
        return mail(ALICE, RecoverySubject.signature(hash));
    }

    function _key(GuardianId commitment) private pure returns (bytes memory) {
        return abi.encode(commitment);
    }
}
