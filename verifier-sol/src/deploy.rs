//! Verifiers in the embedded EVM: deployed, called, measured.

use zkdkim_plonk::{calldata::encode_calldata, halo2curves::bn256::Fr};

use crate::{
    artifact::{Artifacts, InsecureSetup},
    error::{Error, Result},
    evm::{Address, CallOutcome, Evm, Verdict},
};

/// A verifier and its key in an EVM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// The verifier, to call.
    pub verifier: Address,
    /// The key contract, whose code `verifier` reads.
    pub key: Address,
    /// Gas of both deployments.
    pub gas_used: u64,
}

/// What the contracts did with a valid proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvmRun {
    /// Gas of the whole verifying transaction.
    pub gas: u64,
    /// Gas of both deployments.
    pub deployment_gas: u64,
    /// Code size of the verifier, in bytes.
    pub verifier_bytes: usize,
    /// Code size of the key contract, in bytes.
    pub key_bytes: usize,
}

impl Artifacts {
    /// Deploys key and verifier.
    pub fn deploy(&self, evm: &mut Evm, insecure: InsecureSetup) -> Result<Deployed> {
        let (key, key_gas) = evm.deploy_measured(self.key_initcode()?)?;
        let (verifier, gas) =
            evm.deploy_measured(self.verifier_initcode(key.into_array(), insecure)?)?;
        Ok(Deployed { verifier, key, gas_used: key_gas + gas })
    }

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

    /// Deploys into a fresh EVM and measures how a valid proof is verified.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] where the contract does not say that the proof is valid.
    pub fn measure(&self, calldata: Vec<u8>) -> Result<EvmRun> {
        let mut evm = Evm::new();
        // The EVM is this process; nobody else relies on the contract.
        let deployed = self.deploy(&mut evm, InsecureSetup::Accept)?;
        let outcome = evm.call(deployed.verifier, calldata)?;
        match outcome.verdict() {
            Verdict::Valid => Ok(EvmRun {
                gas: outcome.gas_used,
                deployment_gas: deployed.gas_used,
                verifier_bytes: self.verifier.size,
                key_bytes: self.key.size,
            }),
            other => Err(Error::Refused(format!("{other:?}"))),
        }
    }
}
