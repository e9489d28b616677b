//! A proof on its way to a contract: the ABI encoding of `verifyProof(bytes proof, uint256[] instances)`.
//!
//! ```text
//!   4 bytes   selector
//!  32 bytes   0x40, where the proof lies          all places counted after the selector
//!  32 bytes   where the public inputs lie
//!  32 bytes   length of the proof, then the proof, padded with zeros to whole words
//!  32 bytes   number of public inputs, then the inputs, 32 bytes each, big-endian, below r
//! ```
//!
//! The ABI allows other layouts of the same values; contracts made here accept only this one.

use halo2_proofs::halo2curves::bn256::Fr;
use sha3::{Digest, Keccak256};

use crate::words::{scalar_word, word_scalar, Word};

/// Calldata of `verifyProof(bytes,uint256[])`, in the one layout that the verifier accepts.
pub fn encode_calldata(proof: &[u8], instances: &[Fr]) -> Vec<u8> {
    encode("verifyProof(bytes,uint256[])", proof, instances)
}

/// Calldata of `verifyBatch(bytes,uint256[])`: proofs one after the other, then their public inputs likewise.
pub fn encode_batch_calldata<'a>(
    proofs: impl IntoIterator<Item = (&'a [u8], &'a [Fr])>,
) -> Vec<u8> {
    let (mut all, mut instances) = (vec![], vec![]);
    for (proof, inputs) in proofs {
        all.extend_from_slice(proof);
        instances.extend_from_slice(inputs);
    }
    encode("verifyBatch(bytes,uint256[])", &all, &instances)
}

fn encode(signature: &str, proof: &[u8], instances: &[Fr]) -> Vec<u8> {
    let word = |value: usize| {
        let mut word = Word::default();
        word[24..].copy_from_slice(&(value as u64).to_be_bytes());
        word
    };
    let padded = proof.len().next_multiple_of(32);
    let mut data = Keccak256::digest(signature)[..4].to_vec();
    data.extend(word(0x40));
    data.extend(word(0x60 + padded));
    data.extend(word(proof.len()));
    data.extend(proof);
    data.resize(4 + 0x60 + padded, 0);
    data.extend(word(instances.len()));
    data.extend(instances.iter().flat_map(scalar_word));
    data
}

/// Proof and public inputs out of calldata in that layout; none where encoding them would not give it back.
pub fn decode_calldata(calldata: &[u8]) -> Option<(Vec<u8>, Vec<Fr>)> {
    const PROOF_AT: usize = 4 + 0x60;
    let proof_len = calldata.get(PROOF_AT - 8..PROOF_AT)?;
    let proof_len = usize::try_from(u64::from_be_bytes(proof_len.try_into().ok()?)).ok()?;
    let inputs_at = PROOF_AT.checked_add(proof_len.checked_next_multiple_of(32)?)?;
    let proof = calldata.get(PROOF_AT..PROOF_AT.checked_add(proof_len)?)?;
    let inputs = calldata.get(inputs_at.checked_add(32)?..)?.chunks(32);
    let inputs: Option<Vec<Fr>> = inputs.map(|word| word_scalar(word.try_into().ok()?)).collect();
    let (proof, inputs) = (proof.to_vec(), inputs?);
    (encode_calldata(&proof, &inputs) == calldata).then_some((proof, inputs))
}
