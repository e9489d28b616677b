// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {RecoveryProofVerifier} from "../contracts/RecoveryProofVerifier.sol";
import {
    PUBLIC_INPUTS,
    RecoveryPublicInputs,
    SCALAR_FIELD_ORDER
} from "../contracts/interfaces/PublicInputs.sol";
import {IVerifier} from "../contracts/interfaces/IVerifier.sol";
import {RealVerifier} from "./support/RealVerifier.sol";

/// @notice Real proofs through the adapter.
contract RecoveryProofVerifierTest is RealVerifier {
    RecoveryProofVerifier private _verifier;
    Fixture private _alice;

    function setUp() public {
        _verifier = deployRealVerifier();
        _alice = fixture("recover-alice");
    }

    function test_verify_acceptsARealProof() external view {
        vm.assertTrue(_verifier.verify(_alice.inputs, _alice.proof));
    }

    function test_metadata_isTheGeneratedVerifiers() external view {
        string memory json = artefact();
        vm.assertEq(_verifier.circuitId(), vm.parseJsonString(json, ".circuit_id"));
        vm.assertEq(_verifier.srsKind(), vm.parseJsonString(json, ".srs_kind"));
        vm.assertEq(_verifier.verifyingKeyDigest(), vm.parseJsonBytes32(json, ".key_digest"));
    }

    /// @dev The interface in this package is the one that generated verifiers come with.
    function test_interface_isTheGeneratedOne() external view {
        vm.assertEq(
            vm.readFile("contracts/interfaces/IVerifier.sol"),
            vm.parseJsonString(artefact(), ".interface_source")
        );
    }

    /// @dev Two real proofs by one pairing; each set of inputs with its own proof, or not at all.
    function test_verifyBatch_isTrueForAllOrNone() external {
        (RecoveryPublicInputs[] memory inputs, bytes[] memory proofs) = _batch();
        vm.assertTrue(_verifier.verifyBatch(inputs, proofs));
        (inputs[0], inputs[1]) = (inputs[1], inputs[0]);
        vm.assertFalse(_verifier.verifyBatch(inputs, proofs));
        (proofs[0], proofs[1]) = (proofs[1], proofs[0]);
        vm.assertTrue(_verifier.verifyBatch(inputs, proofs));
        for (uint256 i = 0; i < 2; ++i) {
            (inputs, proofs) = _batch();
            inputs[i].notBefore ^= 1;
            vm.assertFalse(_verifier.verifyBatch(inputs, proofs));
        }
        (inputs, proofs) = _batch();
        vm.expectRevert(abi.encodeWithSelector(RecoveryProofVerifier.BatchLength.selector, 2, 1));
        _verifier.verifyBatch(inputs, new bytes[](1));
        // Lengths that are no multiple of a proof's.
        proofs[0] = bytes.concat(proofs[0], hex"00");
        vm.expectRevert();
        _verifier.verifyBatch(inputs, proofs);
        vm.expectRevert(IVerifier.EmptyBatch.selector);
        _verifier.verifyBatch(new RecoveryPublicInputs[](0), new bytes[](0));
    }

    function _batch()
        private
        view
        returns (RecoveryPublicInputs[] memory inputs, bytes[] memory proofs)
    {
        inputs = new RecoveryPublicInputs[](2);
        proofs = new bytes[](2);
        string[2] memory names = ["recover-alice", "recover-bob"];
        for (uint256 i = 0; i < 2; ++i) {
            Fixture memory mail = fixture(names[i]);
            (inputs[i], proofs[i]) = (mail.inputs, mail.proof);
        }
    }

    function test_verify_refusesEveryOtherPublicInput() external view {
        for (uint256 i = 0; i < PUBLIC_INPUTS; ++i) {
            vm.assertFalse(_verifier.verify(_with(i, _word(i) ^ 1), _alice.proof));
        }
    }

    /// @dev x + r is the same field element as x: it must not become a second name, least of all
    /// of a nullifier.
    function test_verify_revertsWhenAnInputIsNotCanonical() external {
        for (uint256 i = 0; i < PUBLIC_INPUTS; ++i) {
            RecoveryPublicInputs memory inputs = _with(i, _word(i) + SCALAR_FIELD_ORDER);
            vm.expectRevert(IVerifier.InstanceNotCanonical.selector);
            _verifier.verify(inputs, _alice.proof);
        }
    }

    function test_verify_revertsWhenTheProofHasAnotherLength() external {
        uint256 length = _alice.proof.length;
        bytes memory longer = abi.encodePacked(_alice.proof, uint8(0));
        vm.expectRevert(abi.encodeWithSelector(IVerifier.ProofLength.selector, length, length + 1));
        _verifier.verify(_alice.inputs, longer);
        vm.expectRevert(abi.encodeWithSelector(IVerifier.ProofLength.selector, length, 0));
        _verifier.verify(_alice.inputs, "");
    }

    function testFuzz_verify_neverAcceptsAFlippedBit(uint256 bit) external view {
        bytes memory proof = _alice.proof;
        bit = bound(bit, 0, proof.length * 8 - 1);
        proof[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        try _verifier.verify(_alice.inputs, proof) returns (bool valid) {
            vm.assertFalse(valid);
        } catch {}
    }

    function testFuzz_verify_neverAcceptsOtherBytes(bytes calldata proof) external view {
        try _verifier.verify(_alice.inputs, proof) returns (bool valid) {
            vm.assertFalse(valid);
        } catch {}
    }

    /// @dev Bytes behind the arguments reach the adapter only; they are no part of what is proved.
    function test_verify_ignoresWhatFollowsTheArguments() external view {
        bytes memory data = abi.encodePacked(
            abi.encodeCall(_verifier.verify, (_alice.inputs, _alice.proof)), "tail"
        );
        (bool ok, bytes memory answer) = address(_verifier).staticcall(data);
        vm.assertTrue(ok && abi.decode(answer, (bool)));
    }

    /// @dev Cut calldata is never read as zeros.
    function testFuzz_verify_revertsWhenCalldataIsCut(uint256 length) external view {
        bytes memory data = abi.encodeCall(_verifier.verify, (_alice.inputs, _alice.proof));
        length = bound(length, 0, data.length - 1);
        assembly ("memory-safe") {
            mstore(data, length)
        }
        (bool ok,) = address(_verifier).staticcall(data);
        vm.assertFalse(ok);
    }

    function test_constructor_revertsWhenTheInsecureSetupIsNotAcknowledged() external {
        IVerifier generated = deployGenerated();
        vm.expectRevert(
            abi.encodeWithSelector(
                RecoveryProofVerifier.InsecureSetupNotAcknowledged.selector, "insecure-dev"
            )
        );
        new RecoveryProofVerifier(generated, 0);
    }

    function test_constructor_takesACeremonyWithoutAcknowledgement() external {
        IVerifier generated = IVerifier(address(new Labels("zkdkim/v2/other", "ceremony")));
        vm.assertEq(new RecoveryProofVerifier(generated, 0).srsKind(), "ceremony");
    }

    /// @dev Whatever is not known to be a ceremony counts as insecure.
    function test_constructor_revertsWhenTheSetupIsUnknown() external {
        IVerifier generated = IVerifier(address(new Labels("zkdkim/v2/other", "Ceremony")));
        vm.expectRevert(
            abi.encodeWithSelector(
                RecoveryProofVerifier.InsecureSetupNotAcknowledged.selector, "Ceremony"
            )
        );
        new RecoveryProofVerifier(generated, 0);
    }

    function test_constructor_revertsWhenTheStatementIsAnother() external {
        string[3] memory ids = ["zkdkim/v1/rsa2048/header1024", "zkdkim/v2", ""];
        for (uint256 i = 0; i < ids.length; ++i) {
            IVerifier generated = IVerifier(address(new Labels(ids[i], "ceremony")));
            vm.expectRevert(
                abi.encodeWithSelector(RecoveryProofVerifier.OtherStatement.selector, ids[i])
            );
            new RecoveryProofVerifier(generated, 0);
        }
        // The statement is all that is asked for.
        new RecoveryProofVerifier(IVerifier(address(new Labels("zkdkim/v2/", "ceremony"))), 0);
    }

    function test_constructor_revertsWhenThereIsNoCode() external {
        vm.expectRevert(
            abi.encodeWithSelector(RecoveryProofVerifier.NoCode.selector, address(0xdead))
        );
        new RecoveryProofVerifier(IVerifier(address(0xdead)), ACKNOWLEDGEMENT);
    }

    function _word(uint256 i) private view returns (uint256) {
        return _words(_alice.inputs)[i];
    }

    function _with(uint256 i, uint256 word) private view returns (RecoveryPublicInputs memory) {
        uint256[PUBLIC_INPUTS] memory words = _words(_alice.inputs);
        words[i] = word;
        return abi.decode(abi.encode(words), (RecoveryPublicInputs));
    }

    function _words(RecoveryPublicInputs memory inputs)
        private
        pure
        returns (uint256[PUBLIC_INPUTS] memory)
    {
        // A type in an expression has its length as a literal.
        return abi.decode(abi.encode(inputs), (uint256[10]));
    }
}

/// @notice What a generated verifier says about itself, without a verifier.
contract Labels {
    string public circuitId;
    string public srsKind;

    constructor(string memory circuitId_, string memory srsKind_) {
        circuitId = circuitId_;
        srsKind = srsKind_;
    }
}
