//! From a verifying key to the contracts, and the contracts that are part of this program.

use std::path::Path;

use zkdkim_verifier_sol::{
    export, Artifacts, CallOutcome, Evm, InsecureSetup, Metadata, Solc, Sources,
    SrsKind as ContractSrs, Verdict,
};

use crate::{
    error::{Error, Result},
    keys::{KeyedCircuit, VerifierKey},
    proof_file::Proof,
    srs::SrsKind,
};

/// The contracts over the development SRS, compiled once and checked in; a test makes them anew.
const INSECURE_DEV: &str = include_str!("../contracts/insecure-dev-k14.json");

/// Generates the Solidity sources for a key.
///
/// # Errors
///
/// [`Error::Solidity`] for a key that the generator does not support.
pub fn sources<C: KeyedCircuit>(key: &VerifierKey<C>) -> Result<Sources> {
    let metadata = Metadata {
        circuit_id: C::ID.into(),
        key_digest: key.sha256().0,
        srs_kind: match key.srs_kind() {
            SrsKind::InsecureDev => ContractSrs::InsecureDev,
            SrsKind::Ceremony { .. } | SrsKind::UnlistedCeremony { .. } => ContractSrs::Ceremony,
        },
        instances: C::INSTANCES,
    };
    Ok(export(key.vk(), key.verifier_params(), &metadata)?)
}

/// The checked-in contracts, if they belong to this key.
pub fn checked_in<C>(key: &VerifierKey<C>) -> Option<Artifacts> {
    let artifacts = Artifacts::from_json(INSECURE_DEV).ok()?;
    let digest = format!("0x{}", key.sha256());
    (artifacts.key_digest == digest).then_some(artifacts)
}

/// The contracts for a key: those checked in, or compiled by the pinned compiler, which lies in `solc`
/// or, during development, beside the generator.
///
/// # Errors
///
/// [`Error::Solidity`] where there is no compiler or it refuses.
pub fn contracts<C: KeyedCircuit>(
    key: &VerifierKey<C>,
    sources: &Sources,
    solc: Option<&Path>,
) -> Result<Artifacts> {
    match (checked_in(key), solc) {
        (Some(artifacts), None) => Ok(artifacts),
        (_, Some(folder)) => Ok(Solc::new(folder)?.compile(sources)?),
        (None, None) => Ok(Solc::in_crate()?.compile(sources)?),
    }
}

/// What the contracts did with a proof in the embedded EVM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvmRun {
    /// Gas of the whole verifying transaction.
    pub gas: u64,
    /// Gas of both deployments.
    pub deployment_gas: u64,
    /// Code size of the verifier.
    pub verifier_bytes: usize,
    /// Code size of the key contract.
    pub key_bytes: usize,
}

/// Deploys the contracts in an EVM of their own and calls the verifier with the proof's calldata.
///
/// # Errors
///
/// [`Error::Contract`] where it does not say that the proof is valid.
pub fn verify_in_evm(artifacts: &Artifacts, proof: &Proof) -> Result<EvmRun> {
    let mut evm = Evm::new();
    // The EVM is this process; nobody else relies on the contract.
    let deployed = artifacts.deploy(&mut evm, InsecureSetup::Accept)?;
    let outcome: CallOutcome = evm.call(deployed.verifier, proof.calldata())?;
    match outcome.verdict() {
        Verdict::Valid => Ok(EvmRun {
            gas: outcome.gas_used,
            deployment_gas: deployed.gas_used,
            verifier_bytes: artifacts.verifier.size,
            key_bytes: artifacts.key.size,
        }),
        other => Err(Error::Contract { detail: format!("{other:?}") }),
    }
}
