//! Halo2's own prover and verifier, to compare with: KZG, SHPLONK, Blake2b transcript.

use anyhow::{anyhow, Result};
use rand::rngs::OsRng;
use zkdkim_plonk::{
    halo2curves::bn256::{Bn256, Fr, G1Affine},
    plonk::{create_proof, keygen_pk, keygen_vk_custom, verify_proof, Circuit, ProvingKey},
    poly::{
        commitment::ParamsProver,
        kzg::{
            commitment::{KZGCommitmentScheme, ParamsKZG},
            multiopen::{ProverSHPLONK, VerifierSHPLONK},
            strategy::SingleStrategy,
        },
    },
    transcript::{
        Blake2bRead, Blake2bWrite, Challenge255, TranscriptReadBuffer, TranscriptWriterBuffer,
    },
};

type Scheme = KZGCommitmentScheme<Bn256>;

/// Keys of a circuit, over parameters whose secret this process has known.
pub struct Stock {
    params: ParamsKZG<Bn256>,
    key: ProvingKey<G1Affine>,
}

impl Stock {
    /// Makes the keys; selectors are compressed, as in ours.
    ///
    /// # Errors
    /// Halo2's.
    pub fn new<C: Circuit<Fr>>(k: u32, circuit: &C) -> Result<Self> {
        let params = ParamsKZG::new(k);
        let vk = keygen_vk_custom(&params, circuit, true).map_err(|e| anyhow!("{e}"))?;
        let key = keygen_pk(&params, vk, circuit).map_err(|e| anyhow!("{e}"))?;
        Ok(Self { params, key })
    }

    /// Proves, the witness included.
    ///
    /// # Errors
    /// Halo2's.
    pub fn prove<C: Circuit<Fr>>(&self, circuit: C, instances: &[&[Fr]]) -> Result<Vec<u8>> {
        let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Vec::new());
        create_proof::<Scheme, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
            &self.params,
            &self.key,
            &[circuit],
            &[instances],
            OsRng,
            &mut transcript,
        )
        .map_err(|e| anyhow!("{e}"))?;
        Ok(transcript.finalize())
    }

    /// Verifies: what is measured must be a proof.
    ///
    /// # Errors
    /// Where it is none.
    pub fn verify(&self, instances: &[&[Fr]], proof: &[u8]) -> Result<()> {
        let mut transcript = Blake2bRead::<_, G1Affine, Challenge255<_>>::init(proof);
        verify_proof::<Scheme, VerifierSHPLONK<'_, Bn256>, _, _, _>(
            self.params.verifier_params(),
            self.key.get_vk(),
            SingleStrategy::new(&self.params),
            &[instances],
            &mut transcript,
        )
        .map(|_| ())
        .map_err(|e| anyhow!("{e}"))
    }
}
