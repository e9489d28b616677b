//! Contracts for keys of `zkdkim-plonk`, and those that were compiled beforehand.

use std::path::Path;

use zkdkim_plonk::keys::{KeyedCircuit, VerifierKey};

use crate::{
    artifact::{Artifacts, Metadata, Sources},
    compile::Solc,
    error::Result,
    generate::export,
};

/// The contracts over the development SRS, compiled once and checked in; a test makes them anew.
const INSECURE_DEV: &str = include_str!("../checked-in/insecure-dev-on-chain.json");

impl Sources {
    /// Generates the Solidity sources for a key.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Limit`] for a key whose verifier would be too large.
    pub fn for_key<C: KeyedCircuit>(key: &VerifierKey<C>) -> Result<Sources> {
        let metadata = Metadata {
            circuit_id: C::ID.into(),
            key_digest: key.sha256().0,
            srs_kind: key.srs_kind().into(),
            instances: C::INSTANCES,
        };
        export(key.vk(), &metadata)
    }
}

impl Artifacts {
    /// The checked-in contracts, if they belong to this key.
    pub fn checked_in<C>(key: &VerifierKey<C>) -> Option<Artifacts> {
        let artifacts = Artifacts::from_json(INSECURE_DEV).ok()?;
        let digest = format!("0x{}", key.sha256());
        (artifacts.key_digest == digest).then_some(artifacts)
    }

    /// The contracts for a key: those checked in, or compiled by the pinned compiler, which lies in `solc` or, during
    /// development, beside this crate.
    ///
    /// # Errors
    ///
    /// Where there is no compiler or it refuses.
    pub fn for_key<C: KeyedCircuit>(
        key: &VerifierKey<C>,
        sources: &Sources,
        solc: Option<&Path>,
    ) -> Result<Artifacts> {
        match (Self::checked_in(key), solc) {
            (Some(artifacts), None) => Ok(artifacts),
            (_, Some(folder)) => Solc::new(folder)?.compile(sources),
            (None, None) => Solc::in_crate()?.compile(sources),
        }
    }
}
