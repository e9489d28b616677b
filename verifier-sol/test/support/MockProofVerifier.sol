// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IRecoveryProofVerifier} from "../../contracts/interfaces/IRecoveryProofVerifier.sol";
import {RecoveryPublicInputs} from "../../contracts/interfaces/PublicInputs.sol";

/// @notice Says what it is told to say. For tests whose subject is what happens around a proof:
/// order of events, arithmetic of time and weight.
contract MockProofVerifier is IRecoveryProofVerifier {
    enum Batch {
        AsEach,
        True,
        False,
        Reverts
    }

    error MalformedBatch();

    bool public answer = true;
    Batch public batch;
    string public srsKind = "mock";

    function setAnswer(bool answer_) external {
        answer = answer_;
    }

    function setBatch(Batch batch_) external {
        batch = batch_;
    }

    function setSrsKind(string calldata srsKind_) external {
        srsKind = srsKind_;
    }

    function verify(RecoveryPublicInputs calldata, bytes calldata)
        external
        view
        virtual
        returns (bool)
    {
        return answer;
    }

    function verifyBatch(RecoveryPublicInputs[] calldata, bytes[] calldata)
        external
        view
        virtual
        returns (bool)
    {
        if (batch == Batch.Reverts) revert MalformedBatch();
        return batch == Batch.AsEach ? answer : batch == Batch.True;
    }

    function circuitId() external pure returns (string memory) {
        return "mock";
    }

    function verifyingKeyDigest() external pure returns (bytes32) {
        return 0;
    }
}
