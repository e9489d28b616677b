//! The transcript: Keccak-256 over everything that came before.
//!
//! A challenge is keccak256(state ‖ absorbed) mod r, and the hash followed by the byte 01 is the next state, so that
//! of two challenges in a row the second is another hash. Before the first challenge the state is empty and the first
//! thing absorbed is the key's digest. Reduction modulo r makes no residue likelier than 6/2^256 < 1.2/r.

use halo2_proofs::halo2curves::{
    bn256::{Fr, G1Affine},
    ff::FromUniformBytes,
};
use sha3::{Digest, Keccak256};

use super::{
    encoding::{field_bytes, point_bytes, Identity, Reader},
    error::Result,
};

/// The hash as a scalar.
pub(super) fn reduce(hash: &[u8; 32]) -> Fr {
    let mut wide = [0u8; 64];
    for (to, from) in wide.iter_mut().zip(hash.iter().rev()) {
        *to = *from;
    }
    Fr::from_uniform_bytes(&wide)
}

/// State and what was absorbed since the last challenge.
#[derive(Clone, Debug, Default)]
pub(super) struct Transcript(Vec<u8>);

impl Transcript {
    pub(super) fn new(key_digest: &[u8; 32], public_inputs: &[&[Fr]]) -> Self {
        let mut out = Self(key_digest.to_vec());
        for x in public_inputs.iter().copied().flatten() {
            out.scalar(x);
        }
        out
    }

    pub(super) fn scalar(&mut self, x: &Fr) {
        self.0.extend(field_bytes(x));
    }

    pub(super) fn point(&mut self, p: &G1Affine) {
        self.0.extend(point_bytes(p));
    }

    pub(super) fn hash(&mut self) -> [u8; 32] {
        let hash: [u8; 32] = Keccak256::digest(&self.0).into();
        self.0.clear();
        self.0.extend(hash);
        self.0.push(1);
        hash
    }

    pub(super) fn challenge(&mut self) -> Fr {
        reduce(&self.hash())
    }
}

/// The prover's side: what is sent is absorbed.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) transcript: Transcript,
    pub(super) proof: Vec<u8>,
}

impl Writer {
    pub(super) fn point(&mut self, p: &G1Affine) {
        self.transcript.point(p);
        self.proof.extend(point_bytes(p));
    }

    pub(super) fn scalar(&mut self, x: &Fr) {
        self.transcript.scalar(x);
        self.proof.extend(field_bytes(x));
    }
}

/// The verifier's side: what is read is absorbed; canonical scalars, points on the curve, never the identity.
#[derive(Debug)]
pub(super) struct ProofReader<'a> {
    pub(super) transcript: Transcript,
    pub(super) proof: Reader<'a>,
}

impl ProofReader<'_> {
    pub(super) fn point(&mut self) -> Result<G1Affine> {
        let p = self.proof.point(Identity::Refused)?;
        self.transcript.point(&p);
        Ok(p)
    }

    pub(super) fn scalar(&mut self) -> Result<Fr> {
        let x = self.proof.scalar()?;
        self.transcript.scalar(&x);
        Ok(x)
    }

    pub(super) fn challenge(&mut self) -> Fr {
        self.transcript.challenge()
    }
}
