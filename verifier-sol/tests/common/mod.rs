//! Circuits and helpers that the tests share.
#![allow(dead_code, missing_docs)]

pub mod edge;
pub mod input;
pub mod large;
pub mod small;
pub mod snapshot;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zkdkim_plonk::{
    calldata::encode_calldata,
    transcript::{KeccakRead, KeccakWrite},
};
use zkdkim_plonk::{
    halo2curves::bn256::{Bn256, Fr, G1Affine},
    plonk::{create_proof, keygen_pk, keygen_vk_custom, verify_proof, Circuit, ProvingKey},
    poly::kzg::{
        commitment::{KZGCommitmentScheme, ParamsKZG},
        multiopen::{ProverSHPLONK, VerifierSHPLONK},
        strategy::SingleStrategy,
    },
};
use zkdkim_verifier_sol::{
    export, Artifacts, Deployed, Evm, InsecureSetup, Metadata, Setup, Solc, Sources, Verdict,
};

/// A seeded setup; every test's SRS is insecure by nature.
pub fn params(k: u32) -> ParamsKZG<Bn256> {
    ParamsKZG::setup(k, ChaCha20Rng::seed_from_u64(0xd1c1))
}

pub fn metadata(instances: usize, srs_kind: Setup) -> Metadata {
    Metadata { circuit_id: "test/circuit-1".into(), key_digest: [7; 32], srs_kind, instances }
}

pub fn proving_key<C: Circuit<Fr>>(params: &ParamsKZG<Bn256>, circuit: &C) -> ProvingKey<G1Affine> {
    let vk = keygen_vk_custom(params, circuit, true).unwrap();
    keygen_pk(params, vk, circuit).unwrap()
}

pub fn prove<C: Circuit<Fr>>(
    params: &ParamsKZG<Bn256>,
    pk: &ProvingKey<G1Affine>,
    circuit: C,
    instances: &[Fr],
) -> Vec<u8> {
    let mut transcript = KeccakWrite::new(vec![]);
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        params,
        pk,
        &[circuit],
        &[&[instances]],
        ChaCha20Rng::seed_from_u64(1),
        &mut transcript,
    )
    .unwrap();
    transcript.into_inner()
}

/// The verdict of halo2 itself, with the strict transcript.
pub fn verifies_natively(
    params: &ParamsKZG<Bn256>,
    pk: &ProvingKey<G1Affine>,
    proof: &[u8],
    instances: &[Fr],
) -> bool {
    let mut transcript = KeccakRead::new(proof);
    let result =
        verify_proof::<
            KZGCommitmentScheme<Bn256>,
            VerifierSHPLONK<'_, Bn256>,
            _,
            _,
            SingleStrategy<'_, Bn256>,
        >(
            params, pk.get_vk(), SingleStrategy::new(params), &[&[instances]], &mut transcript
        );
    result.is_ok() && transcript.finish().is_ok()
}

/// The verdict of snark-verifier's own implementation of the same protocol.
pub fn verifies_by_reference(
    params: &ParamsKZG<Bn256>,
    pk: &ProvingKey<G1Affine>,
    proof: &[u8],
    instances: &[Fr],
) -> bool {
    use snark_verifier::{
        loader::native::NativeLoader,
        pcs::kzg::{Bdfg21, KzgAs},
        system::halo2::{compile, transcript::evm::EvmTranscript, Config},
        verifier::{plonk::PlonkVerifier, SnarkVerifier},
    };
    use zkdkim_plonk::poly::commitment::ParamsProver;
    type Reference = PlonkVerifier<KzgAs<Bn256, Bdfg21>>;

    let config = Config::kzg().with_num_instance(vec![instances.len()]);
    let protocol = compile(params, pk.get_vk(), config);
    let key = (params.get_g()[0], params.g2(), params.s_g2()).into();
    let mut transcript = EvmTranscript::<G1Affine, NativeLoader, _, _>::new(proof);
    let instances = [instances.to_vec()];
    Reference::read_proof(&key, &protocol, &instances, &mut transcript)
        .and_then(|proof| Reference::verify(&key, &protocol, &instances, &proof))
        .is_ok()
}

/// A circuit's verifier, compiled.
pub struct Harness {
    pub params: ParamsKZG<Bn256>,
    pub pk: ProvingKey<G1Affine>,
    pub sources: Sources,
    pub artifacts: Artifacts,
}

/// A verifier in an EVM of its own.
pub struct Chain {
    pub evm: Evm,
    pub deployed: Deployed,
}

impl Harness {
    pub fn new<C: Circuit<Fr>>(k: u32, circuit: &C, instances: usize) -> Self {
        let params = params(k);
        let pk = proving_key(&params, circuit);
        let metadata = metadata(instances, Setup::InsecureDev);
        let sources = export(pk.get_vk(), &params, &metadata).unwrap();
        let artifacts = Solc::in_crate().unwrap().compile(&sources).unwrap();
        Self { params, pk, sources, artifacts }
    }

    pub fn deploy(&self) -> Chain {
        let mut evm = Evm::new();
        let deployed = self.artifacts.deploy(&mut evm, InsecureSetup::Accept).unwrap();
        Chain { evm, deployed }
    }

    pub fn verifies_natively(&self, proof: &[u8], instances: &[Fr]) -> bool {
        verifies_natively(&self.params, &self.pk, proof, instances)
    }

    pub fn verifies_by_reference(&self, proof: &[u8], instances: &[Fr]) -> bool {
        verifies_by_reference(&self.params, &self.pk, proof, instances)
    }
}

impl Chain {
    pub fn call(&mut self, proof: &[u8], instances: &[Fr]) -> (Verdict, u64) {
        self.call_raw(encode_calldata(proof, instances))
    }

    pub fn call_raw(&mut self, calldata: Vec<u8>) -> (Verdict, u64) {
        let outcome = self.evm.call(self.deployed.verifier, calldata).unwrap();
        (outcome.verdict(), outcome.gas_used)
    }
}
