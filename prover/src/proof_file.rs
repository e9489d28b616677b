//! The proof as a JSON file.
//!
//! ```json
//! { "type": "zkdkim-proof", "version": 2, "circuit": "…", "k": 14,
//!   "srs": { "kind": "ceremony", … }, "vk_sha256": "…",
//!   "public_inputs": ["0x…", …], "proof": "0x…", "calldata": "0x…" }
//! ```
//!
//! A public input is `0x` and 64 lower-case digits of a number below r. `calldata` is what a
//! transaction sends to the exported contract; it must be that of the proof and the public inputs.
//! Everything but those two is a label: a verifier trusts its own key, and compares.

use serde::{Deserialize, Serialize};
use zkdkim_plonk::{
    calldata::encode_calldata, digest::Sha256Digest, halo2curves::bn256::Fr, keys::VerifierKey,
    kinds::SrsKind,
};

use crate::{
    error::{Error, Result},
    hex_form::{bytes_from_hex, bytes_hex, field_from_hex, field_hex},
};

const TYPE: &str = "zkdkim-proof";
const VERSION: u32 = 2;
const PROOF_LIMIT: usize = 1 << 16;
const PUBLIC_INPUTS_LIMIT: usize = 64;

/// A proof with what it proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Circuit, parameters and layout by the name that [`VerifierKey::circuit`] gives.
    pub circuit: String,
    /// Binary logarithm of the number of rows.
    pub k: u32,
    /// Where the SRS comes from.
    pub srs: SrsKind,
    /// Digest of the verifying key.
    pub vk_sha256: Sha256Digest,
    /// The public inputs in the statement's order; a file holds at most 64.
    pub public_inputs: Vec<Fr>,
    /// The bytes of the transcript; a file holds at most 65,536.
    pub proof: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json {
    r#type: String,
    version: u32,
    circuit: String,
    k: u32,
    srs: SrsKind,
    vk_sha256: String,
    public_inputs: Vec<String>,
    proof: String,
    calldata: String,
}

impl Proof {
    /// Puts a proof together with the labels of its key.
    pub fn new<C>(key: &VerifierKey<C>, public_inputs: Vec<Fr>, proof: Vec<u8>) -> Proof {
        Proof {
            circuit: key.circuit().to_owned(),
            k: key.k(),
            srs: key.srs_kind().clone(),
            vk_sha256: key.sha256(),
            public_inputs,
            proof,
        }
    }

    /// What a transaction sends to the contract.
    pub fn calldata(&self) -> Vec<u8> {
        encode_calldata(&self.proof, &self.public_inputs)
    }

    /// The proof file: indented JSON, with the calldata and a final line break.
    pub fn to_json(&self) -> String {
        let json = Json {
            r#type: TYPE.into(),
            version: VERSION,
            circuit: self.circuit.clone(),
            k: self.k,
            srs: self.srs.clone(),
            vk_sha256: self.vk_sha256.to_string(),
            public_inputs: self.public_inputs.iter().map(field_hex).collect(),
            proof: bytes_hex(&self.proof),
            calldata: bytes_hex(&self.calldata()),
        };
        // Strings and numbers only: nothing that the serialiser could refuse.
        serde_json::to_string_pretty(&json).unwrap_or_default() + "\n"
    }

    /// Reads the JSON form, strictly.
    ///
    /// # Errors
    ///
    /// [`Error::ProofFile`] for everything that is not exactly as [`Proof::to_json`] writes it, apart
    /// from white space and the order of the fields.
    pub fn from_json(bytes: &[u8]) -> Result<Proof> {
        let bad = |detail: String| Error::ProofFile { detail };
        let json: Json = serde_json::from_slice(bytes).map_err(|e| bad(e.to_string()))?;
        if json.r#type != TYPE || json.version != VERSION {
            let (kind, version) = (printable(&json.r#type), json.version);
            return Err(bad(format!(
                "type {kind:?}, version {version}; expected {TYPE:?}, {VERSION}"
            )));
        }
        if json.public_inputs.len() > PUBLIC_INPUTS_LIMIT {
            return Err(bad(format!("{} public inputs", json.public_inputs.len())));
        }
        let input = |(i, text): (usize, &String)| {
            let detail = "is not 0x and 64 lower-case digits of a number below r";
            field_from_hex(text).ok_or_else(|| bad(format!("public input {i} {detail}")))
        };
        let public_inputs =
            json.public_inputs.iter().enumerate().map(input).collect::<Result<Vec<_>>>()?;
        let proof =
            bytes_from_hex(&json.proof).filter(|proof| proof.len() <= PROOF_LIMIT).ok_or_else(
                || bad(format!("proof is not 0x and hex of at most {PROOF_LIMIT} bytes")),
            )?;
        let vk_sha256 = Sha256Digest::from_hex(&json.vk_sha256)
            .filter(|digest| digest.to_string() == json.vk_sha256)
            .ok_or_else(|| bad("vk_sha256 is not 64 lower-case digits".into()))?;
        let Json { circuit, k, srs, .. } = json;
        let result = Proof { circuit, k, srs, vk_sha256, public_inputs, proof };
        // Whoever submits takes the calldata; it must not differ from what was verified.
        if bytes_from_hex(&json.calldata).as_deref() != Some(&result.calldata()) {
            return Err(bad("calldata is not that of the proof and the public inputs".into()));
        }
        Ok(result)
    }
}

fn printable(text: &str) -> String {
    text.chars().take(40).filter(|c| c.is_ascii_graphic()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof() -> Proof {
        Proof {
            circuit: "test".into(),
            k: 5,
            srs: SrsKind::InsecureDev,
            vk_sha256: Sha256Digest([7; 32]),
            public_inputs: vec![Fr::from(1), -Fr::from(1)],
            proof: vec![1, 2, 3],
        }
    }

    fn refused(change: impl FnOnce(&mut serde_json::Value)) -> String {
        let mut json = serde_json::from_str(&proof().to_json()).unwrap();
        change(&mut json);
        match Proof::from_json(json.to_string().as_bytes()) {
            Err(Error::ProofFile { detail }) => detail,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    #[test]
    fn accepts_what_it_wrote() {
        assert_eq!(Proof::from_json(proof().to_json().as_bytes()).unwrap(), proof());
        let kind = SrsKind::UnlistedCeremony { blake2b512: "a".into(), sha256: "b".into() };
        let unlisted = Proof { srs: kind, ..proof() };
        assert_eq!(Proof::from_json(unlisted.to_json().as_bytes()).unwrap(), unlisted);
    }

    #[test]
    fn the_insecure_srs_is_named() {
        let json: serde_json::Value = serde_json::from_str(&proof().to_json()).unwrap();
        assert_eq!(json["srs"]["kind"], "insecure-dev");
    }

    #[test]
    fn rejects_what_it_would_not_write() {
        let r = "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
        assert!(refused(|j| j["extra"] = 1.into()).contains("unknown field"));
        assert!(refused(|j| j["version"] = 1.into()).contains("version 1"));
        assert!(refused(|j| j["type"] = "x".into()).contains("type"));
        assert!(refused(|j| j["public_inputs"][0] = r.into()).contains("public input 0"));
        assert!(refused(|j| j["public_inputs"][1] = "0x1".into()).contains("public input 1"));
        let upper = field_hex(&-Fr::from(1)).to_uppercase().replace("0X", "0x");
        assert!(refused(|j| j["public_inputs"][1] = upper.into()).contains("public input 1"));
        assert!(refused(|j| j["public_inputs"][1] = field_hex(&Fr::from(2)).into())
            .contains("calldata"));
        assert!(refused(|j| j["proof"] = "0x010204".into()).contains("calldata"));
        assert!(refused(|j| j["proof"] = "010203".into()).contains("proof is not"));
        assert!(refused(|j| j["proof"] = "0x0102030".into()).contains("proof is not"));
        let long = format!("0x{}", "00".repeat(PROOF_LIMIT + 1));
        assert!(refused(|j| j["proof"] = long.into()).contains("at most"));
        assert!(refused(|j| j["calldata"] = "0x".into()).contains("calldata"));
        assert!(refused(|j| j["vk_sha256"] = "00".into()).contains("vk_sha256"));
        assert!(refused(|j| j["srs"] = serde_json::json!({"kind": "other"})).contains("other"));
        assert!(refused(|j| drop(j.as_object_mut().unwrap().remove("calldata")))
            .contains("missing field"));
        for text in ["", "[]", "{}", "null", "{\"type\":"] {
            assert!(matches!(Proof::from_json(text.as_bytes()), Err(Error::ProofFile { .. })));
        }
        let twice = proof().to_json().replacen("\"k\"", "\"k\": 5, \"k\"", 1);
        assert!(matches!(Proof::from_json(twice.as_bytes()), Err(Error::ProofFile { .. })));
    }
}
