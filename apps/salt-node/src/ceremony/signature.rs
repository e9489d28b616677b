//! A member's signature on the record that came of a ceremony: a small file, in TOML.

use std::path::Path;

use serde::{Deserialize, Serialize};
use zkdkim_salt::{sign::SIGNATURE_BYTES, NodeIndex};

use crate::{
    error::{Fault, Result},
    files,
};

/// For what a signature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A member signs the record of its committee.
    Record,
    /// A node of the committee before hands over.
    Handover,
}

/// A signature on a record's digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// For what it is.
    pub purpose: Purpose,
    /// Whose: of the new committee, or of the one before.
    pub index: NodeIndex,
    /// What is signed.
    pub digest: [u8; 32],
    /// The signature; whoever puts the record together checks it.
    pub signature: [u8; SIGNATURE_BYTES],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    purpose: Purpose,
    index: u8,
    digest: String,
    signature: String,
}

impl Signed {
    /// The file's content.
    pub fn to_toml(&self) -> String {
        let purpose = match self.purpose {
            Purpose::Record => "record",
            Purpose::Handover => "handover",
        };
        format!(
            "purpose = \"{purpose}\"\nindex = {}\ndigest = \"{}\"\nsignature = \"{}\"\n",
            self.index,
            hex::encode(self.digest),
            hex::encode(self.signature)
        )
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<Signed> {
        let bytes = files::read(path, 4096)?;
        let bad = |detail: &str| Fault::content(path)(detail);
        let text = std::str::from_utf8(&bytes).map_err(|_| bad("no text"))?;
        let file: File = toml::from_str(text).map_err(|e| bad(e.message()))?;
        let digest = hex::decode(&file.digest).ok().and_then(|bytes| bytes.try_into().ok());
        let signature = hex::decode(&file.signature).ok().and_then(|bytes| bytes.try_into().ok());
        Ok(Signed {
            purpose: file.purpose,
            index: NodeIndex::new(file.index).ok_or_else(|| bad("0 is no node"))?,
            digest: digest.ok_or_else(|| bad("its digest is none"))?,
            signature: signature.ok_or_else(|| bad("its signature is none"))?,
        })
    }
}
