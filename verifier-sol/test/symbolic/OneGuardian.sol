// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IKeyRegistryRoots} from "../../contracts/interfaces/IKeyRegistryRoots.sol";
import {IRecoveryProofVerifier} from "../../contracts/interfaces/IRecoveryProofVerifier.sol";
import {
    EmailCommitment,
    RecoveryPublicInputs,
    RegistryRoot
} from "../../contracts/interfaces/PublicInputs.sol";

/// @notice Whoever asks has every proof of one guardian and, unless told otherwise, none of another.
contract OneGuardianVerifier is IRecoveryProofVerifier {
    EmailCommitment private immutable GUARDIAN;
    bool private _everybody = true;

    constructor(EmailCommitment guardian) {
        GUARDIAN = guardian;
    }

    function onlyOne() external {
        _everybody = false;
    }

    function verify(RecoveryPublicInputs calldata inputs, bytes calldata)
        external
        view
        returns (bool)
    {
        return _proves(inputs);
    }

    function verifyBatch(RecoveryPublicInputs[] calldata inputs, bytes[] calldata)
        external
        view
        returns (bool)
    {
        for (uint256 i = 0; i < inputs.length; ++i) {
            if (!_proves(inputs[i])) return false;
        }
        return true;
    }

    function circuitId() external pure returns (string memory) {
        return "symbolic";
    }

    function verifyingKeyDigest() external pure returns (bytes32) {
        return 0;
    }

    function srsKind() external pure returns (string memory) {
        return "ceremony";
    }

    function _proves(RecoveryPublicInputs calldata inputs) private view returns (bool) {
        return _everybody
            || EmailCommitment.unwrap(inputs.emailCommitment) == EmailCommitment.unwrap(GUARDIAN);
    }
}

/// @notice Accepts every root, revokes none.
contract EveryRoot is IKeyRegistryRoots {
    function isAccepted(RegistryRoot) external pure returns (bool) {
        return true;
    }

    function isAcceptedAfter(RegistryRoot, uint256) external pure returns (bool) {
        return true;
    }

    function isRevoked(RegistryRoot) external pure returns (bool) {
        return false;
    }
}
