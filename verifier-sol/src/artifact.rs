//! What the generator hands out: sources, and the compiled contracts as one JSON document.

use serde::{Deserialize, Serialize};
use sha3::{Digest, Keccak256};
use zkdkim_plonk::kinds::SrsKind;

use crate::error::{Error, Result};

/// The pinned compiler, also in `package.json`.
pub const SOLC_VERSION: &str = "0.8.30";

/// EIP-170: the largest contract that can be deployed.
pub const MAX_RUNTIME_BYTES: usize = 24_576;

/// What the constructor of an insecure verifier asks for, hashed.
const ACKNOWLEDGEMENT: &str = "I accept forged proofs";

const FORMAT: &str = "zkdkim-solidity-verifier";
const FORMAT_VERSION: u32 = 1;

/// What a contract says about the SRS that its key was made over: all that its users have to know of a
/// [`SrsKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setup {
    /// Made locally; its secret is known, so anybody can forge proofs.
    InsecureDev,
    /// From a multi-party ceremony.
    Ceremony,
}

impl From<&SrsKind> for Setup {
    fn from(kind: &SrsKind) -> Self {
        match kind {
            SrsKind::InsecureDev => Self::InsecureDev,
            SrsKind::Ceremony { .. } | SrsKind::UnlistedCeremony { .. } => Self::Ceremony,
        }
    }
}

impl Setup {
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
    pub srs_kind: Setup,
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
    /// Source of `IVerifier.sol`: the interface, for callers.
    pub interface_source: String,
    /// Source of `<contract>.sol`: the program.
    pub verifier_source: String,
    /// Source of `<key_contract>.sol`: a contract whose code is the key.
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
    /// Name of the contract in its source.
    pub name: String,
    /// The Solidity source, as in [`Sources`].
    pub source: String,
    /// The ABI, as the compiler gives it.
    pub abi: serde_json::Value,
    /// Creation code, without constructor arguments.
    pub initcode: String,
    /// Runtime code. In the verifier, the place of the key's address is still zero.
    pub runtime: String,
    /// Keccak-256 of `runtime`; for the key contract, the code hash that the verifier demands.
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
    /// The circuit and its version, as in [`Metadata::circuit_id`].
    pub circuit_id: String,
    /// [`Metadata::key_digest`] as `0x` and 64 digits.
    pub key_digest: String,
    /// Where the parameters come from, as in [`Metadata::srs_kind`].
    pub srs_kind: Setup,
    /// Number of public inputs.
    pub instances: usize,
    /// The length of every proof.
    pub proof_bytes: usize,
    /// Version of the compiler.
    pub solc: String,
    /// Source of `IVerifier.sol`: the interface, for callers.
    pub interface_source: String,
    /// The contract that is called; its constructor takes the address of `key`.
    pub verifier: Contract,
    /// The contract that holds the key.
    pub key: Contract,
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
    pub fn verifier_initcode(&self, key: [u8; 20], insecure: InsecureSetup) -> Result<Vec<u8>> {
        let mut code = from_hex(&self.verifier.initcode)?;
        code.extend([0; 12]);
        code.extend(key);
        match (self.srs_kind, insecure) {
            (Setup::Ceremony, _) => {}
            (Setup::InsecureDev, InsecureSetup::Accept) => {
                code.extend(Keccak256::digest(ACKNOWLEDGEMENT));
            }
            (Setup::InsecureDev, InsecureSetup::Refuse) => return Err(Error::InsecureSetup),
        }
        Ok(code)
    }
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

pub(crate) fn from_hex(text: &str) -> Result<Vec<u8>> {
    let digits =
        text.strip_prefix("0x").ok_or_else(|| Error::Artifacts("hex without 0x".into()))?;
    hex::decode(digits).map_err(|e| Error::Artifacts(e.to_string()))
}
