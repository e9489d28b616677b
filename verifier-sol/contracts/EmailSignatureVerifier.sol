// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {RecoverySubject} from "./RecoverySubject.sol";
import {IKeyRegistryRoots} from "./interfaces/IKeyRegistryRoots.sol";
import {IRecoveryProofVerifier} from "./interfaces/IRecoveryProofVerifier.sol";
import {
    EmailCommitment,
    RecoveryPublicInputs,
    SEALED_MARK,
    SUBJECT_WORDS,
    SubjectWord
} from "./interfaces/PublicInputs.sol";

/// @title A mailbox as a signer (ERC-7913)
/// @notice For every multisigner that takes ERC-7913 signers: a mailbox beside passkeys and keys in
/// one quorum. The signer is this contract's address and a commitment; the signature is a proof of a
/// mail whose Subject is "Sign 0x<hash>", or is sealed over `signatureCommand(hash)`.
///
/// A signature is not used up and has no age: as with every signer, the hash has to bind chain,
/// account and nonce. It lapses when the registry no longer accepts its root.
/// @dev Reads the registry, which ERC-7562 does not allow in the validation of a user operation: for
/// ERC-1271, for executors, and for bundlers that allow it.
contract EmailSignatureVerifier is IERC7913SignatureVerifier {
    bytes4 private constant INVALID = 0xffffffff;

    /// @notice Judges proofs.
    IRecoveryProofVerifier public immutable VERIFIER;
    /// @notice Knows the accepted roots.
    IKeyRegistryRoots public immutable REGISTRY;

    /// @notice There is no code at this address.
    error NoCode(address target);

    /// @notice Fixes whose word counts; another word is another contract, so another signer.
    /// @param verifier Judges proofs.
    /// @param registry Knows the accepted roots.
    constructor(IRecoveryProofVerifier verifier, IKeyRegistryRoots registry) {
        if (address(verifier).code.length == 0) revert NoCode(address(verifier));
        if (address(registry).code.length == 0) revert NoCode(address(registry));
        VERIFIER = verifier;
        REGISTRY = registry;
    }

    /// @inheritdoc IERC7913SignatureVerifier
    /// @dev Where something does not decode, or the proof is malformed, this reverts.
    /// @param key `abi.encode(commitment)`.
    /// @param hash What is signed.
    /// @param signature `abi.encode(inputs, proof)`, a `RecoveryPublicInputs` and bytes.
    function verify(bytes calldata key, bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        (RecoveryPublicInputs memory inputs, bytes memory proof) =
            abi.decode(signature, (RecoveryPublicInputs, bytes));
        if (key.length != 32) return INVALID;
        uint256 commitment = EmailCommitment.unwrap(inputs.emailCommitment);
        if (abi.decode(key, (uint256)) != commitment) return INVALID;
        bool isSealed = SubjectWord.unwrap(inputs.subject[SUBJECT_WORDS - 1]) == SEALED_MARK;
        SubjectWord[SUBJECT_WORDS] memory expected = isSealed
            ? RecoverySubject.packSealed(signatureCommand(hash))
            : RecoverySubject.pack(RecoverySubject.signature(hash));
        for (uint256 i = 0; i < SUBJECT_WORDS; ++i) {
            if (inputs.subject[i] != expected[i]) return INVALID;
        }
        if (!REGISTRY.isAcceptedAfter(inputs.registryRoot, 0)) return INVALID;
        return VERIFIER.verify(inputs, proof) ? IERC7913SignatureVerifier.verify.selector : INVALID;
    }

    /// @notice What a sealed Subject is sealed over to sign a hash. It names chain and contract besides.
    /// @param hash What is signed.
    /// @return The command, 31 bytes.
    function signatureCommand(bytes32 hash) public view returns (uint256) {
        return
            RecoverySubject.signatureCommand(address(this), SafeCast.toUint128(block.chainid), hash);
    }
}
