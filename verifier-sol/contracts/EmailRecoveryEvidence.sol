// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {EmailRecoveryForwards} from "./EmailRecoveryForwards.sol";
import {IRecoveryProofVerifier} from "./interfaces/IRecoveryProofVerifier.sol";
import {RecoveryPublicInputs, SUBJECT_WORDS, SubjectWord} from "./interfaces/PublicInputs.sol";

/// @title How a guardian shows its will
/// @notice By a proof of a signed mail, or by a signature: what makes either count.
abstract contract EmailRecoveryEvidence is EmailRecoveryForwards {
    using TransientSlot for *;

    /// @notice How far a provider's clock and the chain's may be apart.
    uint256 public constant CLOCK_TOLERANCE = 15 minutes;

    /// @dev Everything that makes a mail count, but who sent it; marks it as used. `since` is when
    /// the nonce in the Subject was drawn: an older mail could not have known it.
    function _takeMail(
        address account,
        Account storage state,
        SubjectWord[SUBJECT_WORDS] memory wanted,
        uint256 since,
        RecoveryPublicInputs calldata inputs,
        bytes calldata proof
    ) internal {
        _requireForm(state.subjectForms, inputs.isSealed());
        _requireSubject(wanted, inputs.subject);
        if (!_isRootAccepted(state, inputs.registryRoot)) {
            revert RootNotAccepted(inputs.registryRoot);
        }
        _requireRecent(state, inputs.notBefore, since);
        if (state.nullifiers[inputs.nullifier]) {
            revert MailAlreadyUsed(account, inputs.nullifier);
        }
        state.nullifiers[inputs.nullifier] = true;
        if (!_isProved(state.verifier, inputs) && !state.verifier.verify(inputs, proof)) {
            revert InvalidProof();
        }
    }

    /// @dev Verifies the proofs of a batch with one pairing and remembers, until the transaction ends,
    /// what is true of them: that this verifier accepts a proof for these public inputs. Where it does
    /// not accept them all, nothing is remembered, and each vote is verified by itself, so that the
    /// first that is wrong is named.
    function _proveTogether(
        IRecoveryProofVerifier verifier,
        RecoveryPublicInputs[] calldata inputs,
        bytes[] calldata proofs
    ) internal {
        if (inputs.length < 2) return;
        try verifier.verifyBatch(inputs, proofs) returns (bool valid) {
            if (!valid) return;
        } catch {
            return;
        }
        for (uint256 i = 0; i < inputs.length; ++i) {
            _statement(verifier, inputs[i]).asBoolean().tstore(true);
        }
    }

    function _isProved(IRecoveryProofVerifier verifier, RecoveryPublicInputs calldata inputs)
        private
        view
        returns (bool)
    {
        return _statement(verifier, inputs).asBoolean().tload();
    }

    /// @dev Where in transient storage the truth about public inputs under a verifier stands.
    function _statement(IRecoveryProofVerifier verifier, RecoveryPublicInputs calldata inputs)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(verifier, inputs));
    }

    /// @dev Everything that makes a signature count, but whose it is. What it says is in the hash; that it
    /// has a time, not older than `since`, is what keeps it from counting twice. Contracts are asked by
    /// STATICCALL.
    function _takeSignature(
        Account storage state,
        bytes32 hash,
        uint256 since,
        bytes calldata signer,
        uint40 signedAt,
        bytes calldata signature
    ) internal view {
        _requireTime(state, signedAt, since);
        if (!SignatureChecker.isValidSignatureNow(signer, hash, signature)) {
            revert InvalidSignature(signer);
        }
    }

    function _requireRecent(Account storage state, uint256 notBefore, uint256 since) private view {
        if (notBefore == 0) {
            if (state.undatedMail == UndatedMail.Refuse) revert UndatedMailRefused();
            return;
        }
        _requireTime(state, notBefore, since);
    }

    /// @dev Neither from the future nor older than `since` or the account allows.
    function _requireTime(Account storage state, uint256 notBefore, uint256 since) private view {
        uint256 latest = block.timestamp + CLOCK_TOLERANCE;
        if (notBefore > latest) revert MailFromTheFuture(notBefore, latest);
        uint256 oldest = Math.max(
            Math.saturatingSub(since, CLOCK_TOLERANCE),
            Math.saturatingSub(block.timestamp, state.maxMailAge)
        );
        if (notBefore < oldest) revert MailTooOld(notBefore, oldest);
    }

    function _requireForm(SubjectForms accepted, bool isSealed) private pure {
        SubjectForms form = isSealed ? SubjectForms.Sealed : SubjectForms.Clear;
        if (accepted != SubjectForms.Either && accepted != form) {
            revert SubjectFormRefused(accepted);
        }
    }

    function _requireSubject(
        SubjectWord[SUBJECT_WORDS] memory expected,
        SubjectWord[SUBJECT_WORDS] calldata got
    ) private pure {
        for (uint256 i = 0; i < expected.length; ++i) {
            if (got[i] != expected[i]) revert SubjectMismatch(expected, got);
        }
    }
}
