//! What the generator hands out: sources, and the compiled contracts as one JSON document.

use halo2_proofs::halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};

use crate::{
    error::{Error, Result},
    evm::{Address, CallOutcome, Evm},
    field::{scalar_word, word_scalar, Word},
};

/// The pinned compiler, also in `package.json`.
pub const SOLC_VERSION: &str = "0.8.30";

/// EIP-170: the largest contract that can be deployed.
pub const MAX_RUNTIME_BYTES: usize = 24_576;

/// What the constructor of an insecure verifier asks for, hashed.
const ACKNOWLEDGEMENT: &str = "I accept forged proofs";

const FORMAT: &str = "zkdkim-solidity-verifier";
const FORMAT_VERSION: u32 = 1;

/// Where the parameters of the commitment scheme come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SrsKind {
    /// Made locally; its secret is known, so anybody can forge proofs.
    InsecureDev,
    /// From a multi-party ceremony.
    Ceremony,
}

impl SrsKind {
    /// As it stands in contracts and artefacts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InsecureDev => "insecure-dev",
            Self::Ceremony => "ceremony",
        }
    }
}

/// Whether the caller takes responsibility for a verifier whose setup is insecure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsecureSetup {
    /// Fail for such a verifier.
    Refuse,
    /// Deploy it: for development only.
    Accept,
}

/// What the contracts say about themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The circuit and its version: 1 to 64 characters out of `[A-Za-z0-9._/-]`.
    pub circuit_id: String,
    /// SHA-256 of the verifying key in the caller's serialisation.
    pub key_digest: [u8; 32],
    /// Where the parameters come from.
    pub srs_kind: SrsKind,
    /// Number of public inputs.
    pub instances: usize,
}

impl Metadata {
    /// The id becomes part of source code, so its alphabet is closed.
    pub(crate) fn check(&self) -> Result<()> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
        let id = &self.circuit_id;
        if id.is_empty() || id.len() > 64 || !id.chars().all(allowed) {
            return Err(Error::Metadata { field: "circuit_id", got: id.clone() });
        }
        Ok(())
    }
}

/// Generated Solidity, before compilation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// Name of the verifier contract.
    pub contract: String,
    /// Name of the key contract.
    pub key_contract: String,
    /// `IVerifier.sol`.
    pub interface_source: String,
    /// `<contract>.sol`.
    pub verifier_source: String,
    /// `<key_contract>.sol`.
    pub key_source: String,
    /// The code that the deployed key contract must have.
    pub key_runtime: Vec<u8>,
    /// The length of every proof.
    pub proof_bytes: usize,
    /// What was asked for.
    pub metadata: Metadata,
}

impl Sources {
    /// File names and contents.
    pub fn files(&self) -> [(String, &str); 3] {
        [
            ("IVerifier.sol".to_owned(), self.interface_source.as_str()),
            (format!("{}.sol", self.contract), self.verifier_source.as_str()),
            (format!("{}.sol", self.key_contract), self.key_source.as_str()),
        ]
    }
}

/// A compiled contract. Bytes are lower-case hex with `0x`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Its name.
    pub name: String,
    /// Its Solidity source.
    pub source: String,
    /// Its ABI.
    pub abi: serde_json::Value,
    /// Creation code, without constructor arguments.
    pub initcode: String,
    /// Runtime code. In the verifier, the place of the key's address is still zero.
    pub runtime: String,
    /// Keccak-256 of `runtime`.
    pub runtime_keccak: String,
    /// Length of the runtime code in bytes.
    pub size: usize,
}

impl Contract {
    pub(crate) fn new(
        name: &str,
        source: &str,
        abi: serde_json::Value,
        initcode: &[u8],
        runtime: &[u8],
    ) -> Result<Self> {
        if runtime.len() > MAX_RUNTIME_BYTES {
            let (name, size) = (name.to_owned(), runtime.len());
            return Err(Error::TooLarge { name, size, limit: MAX_RUNTIME_BYTES });
        }
        Ok(Self {
            name: name.to_owned(),
            source: source.to_owned(),
            abi,
            initcode: to_hex(initcode),
            runtime: to_hex(runtime),
            runtime_keccak: to_hex(&Keccak256::digest(runtime)),
            size: runtime.len(),
        })
    }

    fn check(&self) -> Result<()> {
        let runtime = from_hex(&self.runtime)?;
        from_hex(&self.initcode)?;
        let digest = to_hex(&Keccak256::digest(&runtime));
        if runtime.len() != self.size || digest != self.runtime_keccak {
            return Err(Error::Artifacts(format!("{}: size or digest of the code", self.name)));
        }
        Ok(())
    }
}

/// Everything that deploying and calling the verifier takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifacts {
    /// Names this kind of document.
    pub format: String,
    /// Version of the document's format.
    pub version: u32,
    /// See [`Metadata::circuit_id`].
    pub circuit_id: String,
    /// See [`Metadata::key_digest`]; hex.
    pub key_digest: String,
    /// See [`Metadata::srs_kind`].
    pub srs_kind: SrsKind,
    /// Number of public inputs.
    pub instances: usize,
    /// The length of every proof.
    pub proof_bytes: usize,
    /// Version of the compiler.
    pub solc: String,
    /// `IVerifier.sol`.
    pub interface_source: String,
    /// The verifier.
    pub verifier: Contract,
    /// The contract that holds the key.
    pub key: Contract,
}

/// A verifier and its key in an EVM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// The verifier, to call.
    pub verifier: Address,
    /// The key contract.
    pub key: Address,
    /// Gas of both deployments.
    pub gas_used: u64,
}

impl Artifacts {
    pub(crate) fn new(sources: &Sources, verifier: Contract, key: Contract) -> Result<Self> {
        let metadata = &sources.metadata;
        let artifacts = Self {
            format: FORMAT.to_owned(),
            version: FORMAT_VERSION,
            circuit_id: metadata.circuit_id.clone(),
            key_digest: to_hex(&metadata.key_digest),
            srs_kind: metadata.srs_kind,
            instances: metadata.instances,
            proof_bytes: sources.proof_bytes,
            solc: SOLC_VERSION.to_owned(),
            interface_source: sources.interface_source.clone(),
            verifier,
            key,
        };
        artifacts.check()?;
        Ok(artifacts)
    }

    /// Parses and checks a document; unknown fields and inconsistent parts are refused.
    pub fn from_json(json: &str) -> Result<Self> {
        let artifacts: Self =
            serde_json::from_str(json).map_err(|e| Error::Artifacts(e.to_string()))?;
        artifacts.check()?;
        Ok(artifacts)
    }

    /// The document, indented, with a final line break.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data") + "\n"
    }

    fn check(&self) -> Result<()> {
        if self.format != FORMAT || self.version != FORMAT_VERSION {
            let got = format!("format {} version {}", self.format, self.version);
            return Err(Error::Artifacts(got));
        }
        self.verifier.check()?;
        self.key.check()?;
        // The verifier's code names the code of its key.
        if !self.verifier.runtime.contains(&self.key.runtime_keccak[2..]) {
            return Err(Error::Artifacts("the verifier belongs to another key contract".into()));
        }
        Ok(())
    }

    /// Creation code of the key contract.
    pub fn key_initcode(&self) -> Result<Vec<u8>> {
        from_hex(&self.key.initcode)
    }

    /// Creation code of the verifier with its constructor's arguments.
    pub fn verifier_initcode(&self, key: Address, insecure: InsecureSetup) -> Result<Vec<u8>> {
        let mut code = from_hex(&self.verifier.initcode)?;
        code.extend([0; 12]);
        code.extend(key.as_slice());
        match (self.srs_kind, insecure) {
            (SrsKind::Ceremony, _) => {}
            (SrsKind::InsecureDev, InsecureSetup::Accept) => {
                code.extend(Keccak256::digest(ACKNOWLEDGEMENT));
            }
            (SrsKind::InsecureDev, InsecureSetup::Refuse) => return Err(Error::InsecureSetup),
        }
        Ok(code)
    }

    /// Deploys key and verifier.
    pub fn deploy(&self, evm: &mut Evm, insecure: InsecureSetup) -> Result<Deployed> {
        let (key, key_gas) = evm.deploy_measured(self.key_initcode()?)?;
        let (verifier, gas) = evm.deploy_measured(self.verifier_initcode(key, insecure)?)?;
        Ok(Deployed { verifier, key, gas_used: key_gas + gas })
    }
}

impl Artifacts {
    /// Deploys into a fresh EVM and verifies one proof: the outcome's gas is that of the whole
    /// verifying transaction.
    pub fn verify_once(
        &self,
        insecure: InsecureSetup,
        proof: &[u8],
        instances: &[Fr],
    ) -> Result<CallOutcome> {
        let mut evm = Evm::new();
        let deployed = self.deploy(&mut evm, insecure)?;
        evm.call(deployed.verifier, encode_calldata(proof, instances))
    }
}

/// Calldata of `verifyProof(bytes,uint256[])`, in the one layout that the verifier accepts.
pub fn encode_calldata(proof: &[u8], instances: &[Fr]) -> Vec<u8> {
    let word = |value: usize| {
        let mut word = Word::default();
        word[24..].copy_from_slice(&(value as u64).to_be_bytes());
        word
    };
    let padded = proof.len().next_multiple_of(32);
    let mut data = Keccak256::digest("verifyProof(bytes,uint256[])")[..4].to_vec();
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

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

pub(crate) fn from_hex(text: &str) -> Result<Vec<u8>> {
    let digits =
        text.strip_prefix("0x").ok_or_else(|| Error::Artifacts("hex without 0x".into()))?;
    hex::decode(digits).map_err(|e| Error::Artifacts(e.to_string()))
}
