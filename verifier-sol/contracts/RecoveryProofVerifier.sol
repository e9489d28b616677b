// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IRecoveryProofVerifier} from "./interfaces/IRecoveryProofVerifier.sol";
import {IVerifier} from "./interfaces/IVerifier.sol";
import {PUBLIC_INPUTS, RecoveryPublicInputs} from "./interfaces/PublicInputs.sol";

/// @title A generated verifier, with named public inputs
/// @notice Nothing can be changed after deployment: another circuit or key is another contract, and
/// each account decides for itself whether to follow.
contract RecoveryProofVerifier is IRecoveryProofVerifier {
    /// @notice What a deployer says to get a verifier whose proofs anybody can forge. The generated
    /// contract asks for the same words.
    bytes32 public constant INSECURE_SETUP_ACKNOWLEDGEMENT = keccak256("I accept forged proofs");

    /// @dev Statement version 2 fixes the number, order and meaning of the public inputs.
    bytes private constant STATEMENT = "zkdkim/v2/";
    bytes32 private constant CEREMONY = keccak256("ceremony");

    /// @notice The generated verifier.
    IVerifier public immutable GENERATED;

    /// @notice There is no code at this address.
    error NoCode(address target);
    /// @notice The generated verifier is for another statement than the one of these public inputs.
    error OtherStatement(string circuitId);
    /// @notice A batch needs one proof for each set of public inputs.
    error BatchLength(uint256 inputs, uint256 proofs);
    /// @notice Proofs of this verifier can be forged and the deployer did not say to know it.
    error InsecureSetupNotAcknowledged(string srsKind);

    /// @notice Refuses verifiers of another statement, and insecure ones that are not known to be.
    /// @param generated The generated verifier.
    /// @param acknowledgement `INSECURE_SETUP_ACKNOWLEDGEMENT` where the verifier's setup is
    /// anything but a ceremony's; else whatever.
    constructor(IVerifier generated, bytes32 acknowledgement) {
        if (address(generated).code.length == 0) revert NoCode(address(generated));
        string memory id = generated.circuitId();
        if (!_startsWith(bytes(id), STATEMENT)) revert OtherStatement(id);
        string memory srs = generated.srsKind();
        bool insecure = keccak256(bytes(srs)) != CEREMONY;
        if (insecure && acknowledgement != INSECURE_SETUP_ACKNOWLEDGEMENT) {
            revert InsecureSetupNotAcknowledged(srs);
        }
        GENERATED = generated;
    }

    /// @inheritdoc IRecoveryProofVerifier
    /// @dev The generated verifier refuses what is not canonical, so no second set of inputs means
    /// the same.
    function verify(RecoveryPublicInputs calldata inputs, bytes calldata proof)
        external
        view
        returns (bool valid)
    {
        return GENERATED.verifyProof(proof, inputs.toInstances());
    }

    /// @inheritdoc IRecoveryProofVerifier
    function verifyBatch(RecoveryPublicInputs[] calldata inputs, bytes[] calldata proofs)
        external
        view
        returns (bool valid)
    {
        if (inputs.length != proofs.length) {
            revert BatchLength(inputs.length, proofs.length);
        }
        uint256 length = 0;
        for (uint256 i = 0; i < proofs.length; ++i) {
            length += proofs[i].length;
        }
        bytes memory all = new bytes(length);
        uint256 at = 0;
        for (uint256 i = 0; i < proofs.length; ++i) {
            bytes calldata proof = proofs[i];
            assembly ("memory-safe") {
                calldatacopy(add(add(all, 0x20), at), proof.offset, proof.length)
            }
            at += proof.length;
        }
        // The struct is `PUBLIC_INPUTS` static words, so an array of them is the columns one after
        // the other.
        uint256[] memory instances = new uint256[](PUBLIC_INPUTS * inputs.length);
        assembly ("memory-safe") {
            calldatacopy(add(instances, 0x20), inputs.offset, mul(0x20, mload(instances)))
        }
        return GENERATED.verifyBatch(all, instances);
    }

    /// @inheritdoc IRecoveryProofVerifier
    function circuitId() external view returns (string memory) {
        return GENERATED.circuitId();
    }

    /// @inheritdoc IRecoveryProofVerifier
    function verifyingKeyDigest() external view returns (bytes32) {
        return GENERATED.verifyingKeyDigest();
    }

    /// @inheritdoc IRecoveryProofVerifier
    function srsKind() external view returns (string memory) {
        return GENERATED.srsKind();
    }

    function _startsWith(bytes memory text, bytes memory start) private pure returns (bool) {
        if (text.length < start.length) return false;
        for (uint256 i = 0; i < start.length; ++i) {
            if (text[i] != start[i]) return false;
        }
        return true;
    }
}
