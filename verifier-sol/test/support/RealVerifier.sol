// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {RecoveryProofVerifier} from "../../contracts/RecoveryProofVerifier.sol";
import {GuardianId, mailboxId} from "../../contracts/interfaces/GuardianId.sol";
import {
    EmailCommitment,
    Nullifier,
    RecoveryPublicInputs,
    RegistryRoot,
    SUBJECT_WORDS,
    SubjectWord
} from "../../contracts/interfaces/PublicInputs.sol";
import {IVerifier} from "../../contracts/interfaces/IVerifier.sol";
import {Test} from "./Test.sol";

/// @notice The generated verifier as the prover exports it, and real proofs; see
/// `test/fixtures/README.md`.
abstract contract RealVerifier is Test {
    struct Fixture {
        string subject;
        RecoveryPublicInputs inputs;
        bytes proof;
    }

    string private constant ARTEFACT = "checked-in/insecure-dev-on-chain.json";
    bytes32 internal constant ACKNOWLEDGEMENT = keccak256("I accept forged proofs");

    /// @dev Deploys key, generated verifier and adapter.
    function deployRealVerifier() internal returns (RecoveryProofVerifier) {
        return new RecoveryProofVerifier(deployGenerated(), ACKNOWLEDGEMENT);
    }

    function deployGenerated() internal returns (IVerifier) {
        string memory json = artefact();
        address key = _create(vm.parseJsonBytes(json, ".key.initcode"));
        bytes memory initcode = vm.parseJsonBytes(json, ".verifier.initcode");
        return IVerifier(_create(abi.encodePacked(initcode, abi.encode(key, ACKNOWLEDGEMENT))));
    }

    function artefact() internal view returns (string memory) {
        return vm.readFile(ARTEFACT);
    }

    function fixture(string memory name) internal view returns (Fixture memory loaded) {
        string memory json = vm.readFile(string.concat("test/fixtures/", name, ".json"));
        loaded.subject = vm.parseJsonString(json, ".subject");
        loaded.inputs.registryRoot = asRoot(vm.parseJsonUint(json, ".inputs.registryRoot"));
        loaded.inputs.emailCommitment =
            EmailCommitment.wrap(vm.parseJsonUint(json, ".inputs.emailCommitment"));
        loaded.inputs.notBefore = vm.parseJsonUint(json, ".inputs.notBefore");
        loaded.inputs.nullifier = Nullifier.wrap(vm.parseJsonUint(json, ".inputs.nullifier"));
        uint256[] memory words = vm.parseJsonUintArray(json, ".inputs.subject");
        require(words.length == SUBJECT_WORDS, "six words of Subject");
        for (uint256 i = 0; i < SUBJECT_WORDS; ++i) {
            loaded.inputs.subject[i] = SubjectWord.wrap(words[i]);
        }
        loaded.proof = vm.parseJsonBytes(json, ".proof");
    }

    /// @dev Root of one of the fixtures' registries.
    /// @dev The guardian whose mail a fixture is of.
    function guardianOf(string memory name) internal view returns (GuardianId) {
        return mailboxId(fixture(name).inputs.emailCommitment);
    }

    function registryRoot(string memory name) internal view returns (RegistryRoot) {
        string memory json = vm.readFile("test/fixtures/registries.json");
        return asRoot(vm.parseJsonUint(json, string.concat(".", name)));
    }

    function _create(bytes memory initcode) private returns (address created) {
        assembly ("memory-safe") {
            created := create(0, add(initcode, 0x20), mload(initcode))
        }
        require(created != address(0), "deployment failed");
    }
}
