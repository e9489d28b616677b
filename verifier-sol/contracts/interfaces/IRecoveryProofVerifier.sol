// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {RecoveryPublicInputs} from "./PublicInputs.sol";

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

    /// @notice Whether each proof proves the statement for the public inputs at the same place.
    /// @dev As `verify`, at the price of one pairing for all: never true where one of them is false.
    /// @param inputs The public inputs of each proof.
    /// @param proofs The proofs, as many; at least one.
    /// @return valid Whether all hold.
    function verifyBatch(RecoveryPublicInputs[] calldata inputs, bytes[] calldata proofs)
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
