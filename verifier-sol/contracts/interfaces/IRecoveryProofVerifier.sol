// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @notice The public inputs of a proof, in the circuit's order.
/// @dev Ten static words, so the struct is encoded as the circuit's instance column is.
/// @param registryRoot Root of the key registry that holds the provider's key.
/// @param emailCommitment H(EMAIL, salt, address): which mailbox sent the mail, without naming it.
/// @param timestamp The signature's `t=` in seconds, 0 where the provider gives none.
/// @param nullifier The same for every proof of one signed header block under one salt. A mail that its
/// From domain signed twice has two blocks, so two nullifiers: it serves to take a block once, not to
/// count mails. What must happen once needs a nonce in the Subject, or one vote for each commitment.
/// @param subject The whole Subject value, packed as `RecoverySubject` does.
struct RecoveryPublicInputs {
    uint256 registryRoot;
    uint256 emailCommitment;
    uint256 timestamp;
    uint256 nullifier;
    uint256[6] subject;
}

/// @title What an account asks of a proof system
/// @notice One contract per version of the circuit. An account names the one that it trusts and is
/// the only one who can name another.
interface IRecoveryProofVerifier {
    /// @notice Whether `proof` proves the statement for exactly these public inputs.
    /// @dev Never true for anything else. A well-formed proof that is not valid gives false; a
    /// malformed one gives false or reverts.
    /// @param inputs The public inputs, each below the order of the scalar field.
    /// @param proof The proof as the prover writes it.
    /// @return valid Whether it holds.
    function verify(RecoveryPublicInputs calldata inputs, bytes calldata proof)
        external
        view
        returns (bool valid);

    /// @notice The circuit and its version.
    function circuitId() external view returns (string memory);

    /// @notice SHA-256 of the circuit's verifying key, as the prover's artefacts carry it.
    function verifyingKeyDigest() external view returns (bytes32);

    /// @notice "ceremony", or "insecure-dev" when anybody can forge proofs.
    function srsKind() external view returns (string memory);
}
