//! A folded key, its proofs and its contract in an EVM.

use std::sync::LazyLock;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zkdkim_plonk::{
    calldata::encode_calldata,
    folded::{prove, verify, Cosets, Error, ProvingKey, Srs},
    halo2curves::bn256::Fr,
    plonk::Circuit,
    words::Word,
};
use zkdkim_verifier_sol::{
    export, Artifacts, Deployed, Evm, InsecureSetup, Setup, Solc, Sources, Verdict,
};

use crate::common::{self, input::malformed, small};

pub struct Key {
    pub srs: Srs,
    pub pk: ProvingKey,
    pub sources: Sources,
    pub artifacts: Artifacts,
}

impl Key {
    pub fn new<C: Circuit<Fr>>(k: u32, fold: usize, circuit: &C, public_inputs: &[usize]) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(0xd1c1);
        let srs = Srs::insecure(k, fold, 5, &mut rng).unwrap();
        let pk = ProvingKey::new(&srs, circuit, public_inputs, Cosets::Recomputed).unwrap();
        let metadata = common::metadata(public_inputs.iter().sum(), Setup::InsecureDev);
        let sources = export(pk.vk(), &metadata).unwrap();
        let artifacts = Solc::in_crate().unwrap().compile(&sources).unwrap();
        Self { srs, pk, sources, artifacts }
    }

    pub fn prove<C: Circuit<Fr>>(&self, circuit: &C, inputs: &[&[Fr]], seed: u64) -> Vec<u8> {
        prove(&self.srs, &self.pk, circuit, inputs, ChaCha20Rng::seed_from_u64(seed)).unwrap()
    }

    pub fn deploy(&self) -> Chain {
        deploy(&self.artifacts)
    }
}

pub fn deploy(artifacts: &Artifacts) -> Chain {
    let mut evm = Evm::new();
    let deployed = artifacts.deploy(&mut evm, InsecureSetup::Accept).unwrap();
    Chain { evm, deployed }
}

/// A verifier in an EVM of its own.
pub struct Chain {
    pub evm: Evm,
    pub deployed: Deployed,
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

/// What the contract must say where the native verifier says this.
pub fn expected(native: &Result<(), Error>) -> Verdict {
    match native {
        Ok(()) => Verdict::Valid,
        Err(Error::Refused | Error::Challenge { .. }) => Verdict::Invalid,
        Err(Error::ProofLength { .. }) => malformed("ProofLength"),
        Err(Error::PublicInputs { .. }) => malformed("InstanceCount"),
        Err(Error::Malformed { what, .. }) => malformed(match *what {
            "a scalar that is not below the group order" => "ScalarNotCanonical",
            "a coordinate that is not below the modulus" => "CoordinateNotCanonical",
            "a point that is not on the curve" | "the point at infinity" => "PointNotOnCurve",
            other => panic!("{other}"),
        }),
        Err(other) => panic!("{other}"),
    }
}

/// One key of the small circuit for all tests, with two proofs; an EVM for each test.
pub struct Fixture {
    pub key: &'static Key,
    pub chain: Chain,
    pub proof: Vec<u8>,
    pub other_proof: Vec<u8>,
    pub instances: Vec<Fr>,
    pub other_instances: Vec<Fr>,
}

pub fn fixture() -> Fixture {
    type Shared = (Key, Vec<u8>, Vec<u8>, Vec<Fr>, Vec<Fr>);
    static SHARED: LazyLock<Shared> = LazyLock::new(|| {
        let (circuit, other) = (small::Small { seed: 3 }, small::Small { seed: 1 << 40 });
        let key = Key::new(small::K, 4, &circuit, &[small::INSTANCES]);
        let (instances, other_instances) = (circuit.instances(), other.instances());
        let proof = key.prove(&circuit, &[&instances], 1);
        let other_proof = key.prove(&other, &[&other_instances], 2);
        (key, proof, other_proof, instances, other_instances)
    });
    let (key, proof, other_proof, instances, other_instances) = &*SHARED;
    Fixture {
        key,
        chain: key.deploy(),
        proof: proof.clone(),
        other_proof: other_proof.clone(),
        instances: instances.clone(),
        other_instances: other_instances.clone(),
    }
}

impl Fixture {
    pub fn words(&self) -> usize {
        self.proof.len() / 32
    }

    /// Words before the evaluations.
    pub fn leading(&self) -> usize {
        2 * (self.key.pk.vk().protocol().commitments() - 2)
    }

    pub fn is_coordinate(&self, word: usize) -> bool {
        word < self.leading() || word >= self.words() - 4
    }

    pub fn verdict_of(&mut self, proof: &[u8]) -> Verdict {
        let instances = self.instances.clone();
        self.chain.call(proof, &instances).0
    }

    pub fn natively(&self, proof: &[u8], instances: &[Fr]) -> Result<(), Error> {
        verify(self.key.pk.vk(), &[instances], proof)
    }

    /// Changes one word of the proof.
    pub fn with_word(&mut self, word: usize, change: impl Fn(&Word) -> Word) -> Verdict {
        let mut proof = self.proof.clone();
        let bytes: &mut Word = (&mut proof[32 * word..32 * word + 32]).try_into().unwrap();
        *bytes = change(bytes);
        assert_ne!(proof, self.proof);
        self.verdict_of(&proof)
    }

    pub fn with_calldata(&mut self, change: impl Fn(&mut Vec<u8>)) -> Verdict {
        let mut calldata = encode_calldata(&self.proof, &self.instances);
        change(&mut calldata);
        self.chain.call_raw(calldata).0
    }
}
