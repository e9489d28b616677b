//! An EVM in the process, to deploy a verifier and to measure what a call costs.

use revm::{
    context::{
        result::{ExecutionResult, Output},
        Context, TxEnv,
    },
    database::InMemoryDB,
    primitives::{hardfork::SpecId, TxKind},
    ExecuteCommitEvm, ExecuteEvm, MainBuilder, MainContext, MainnetEvm,
};
use sha3::{Digest, Keccak256};

use crate::error::{Error, Result};

/// A 20-byte account address.
pub use revm::primitives::Address;

/// The errors of `IVerifier`, by signature.
const ERRORS: [&str; 11] = [
    "CalldataLayout()",
    "ProofLength(uint256,uint256)",
    "InstanceCount(uint256,uint256)",
    "InstanceNotCanonical()",
    "ScalarNotCanonical()",
    "CoordinateNotCanonical()",
    "PointNotOnCurve()",
    "EmptyBatch()",
    "MalformedInBatch(uint256,bytes4)",
    "UnknownKey()",
    "InsecureSetupNotAcknowledged()",
];

/// More than any verifier needs, less than a block has.
const GAS_LIMIT: u64 = 16_000_000;

type Inner = MainnetEvm<
    Context<
        revm::context::BlockEnv,
        TxEnv,
        revm::context::CfgEnv,
        InMemoryDB,
        revm::context::Journal<InMemoryDB>,
        (),
    >,
>;

/// An EVM with the rules of Prague (those of mainnet since May 2025), empty at first.
#[derive(Debug)]
pub struct Evm {
    inner: Inner,
    nonce: u64,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallOutcome {
    /// Whether the call returned rather than reverted or halted.
    pub success: bool,
    /// What it returned, or the revert's data.
    pub output: Vec<u8>,
    /// Gas of the whole transaction: intrinsic, calldata and execution.
    pub gas_used: u64,
    /// Why the EVM halted, if it did (out of gas, invalid opcode, …).
    pub halted: Option<String>,
}

/// A call to `verifyProof`, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The proof is valid.
    Valid,
    /// Well formed, but not valid.
    Invalid,
    /// Malformed input: the contract's error, or an empty text where Solidity's decoder refused.
    Malformed(String),
    /// Anything else: no contract, out of gas, output that is no boolean.
    Failed(String),
}

impl CallOutcome {
    /// What the verifier said.
    pub fn verdict(&self) -> Verdict {
        if let Some(reason) = &self.halted {
            return Verdict::Failed(reason.clone());
        }
        if !self.success {
            return Verdict::Malformed(error_name(&self.output));
        }
        match self.output.split_last() {
            Some((1, rest)) if rest == [0; 31] => Verdict::Valid,
            Some((0, rest)) if rest == [0; 31] => Verdict::Invalid,
            _ => Verdict::Failed(format!("returned 0x{}", hex::encode(&self.output))),
        }
    }
}

fn error_name(data: &[u8]) -> String {
    if data.is_empty() {
        return String::new();
    }
    let named = |signature: &&&str| data.get(..4) == Some(&Keccak256::digest(signature)[..4]);
    match ERRORS.iter().find(named) {
        Some(signature) => signature.split('(').next().unwrap_or_default().to_owned(),
        None => format!("0x{}", hex::encode(data)),
    }
}

impl Default for Evm {
    fn default() -> Self {
        Self::new()
    }
}

impl Evm {
    /// An EVM without contracts.
    pub fn new() -> Self {
        let inner = Context::mainnet()
            .with_db(InMemoryDB::default())
            .modify_cfg_chained(|cfg| cfg.spec = SpecId::PRAGUE)
            .build_mainnet();
        Self { inner, nonce: 0 }
    }

    /// Deploys a contract, under the size limits of mainnet.
    pub fn deploy(&mut self, initcode: Vec<u8>) -> Result<Address> {
        self.deploy_measured(initcode).map(|(address, _)| address)
    }

    /// Deploys a contract and returns also the gas of the transaction.
    pub fn deploy_measured(&mut self, initcode: Vec<u8>) -> Result<(Address, u64)> {
        let tx = self.transaction(TxKind::Create, initcode);
        let result = self.inner.transact_commit(tx).map_err(refused)?;
        self.nonce += 1;
        match result {
            ExecutionResult::Success {
                output: Output::Create(_, Some(address)), gas_used, ..
            } => Ok((address, gas_used)),
            ExecutionResult::Revert { output, .. } => {
                Err(Error::DeploymentFailed(format!("reverted with {:?}", error_name(&output))))
            }
            ExecutionResult::Halt { reason, .. } => {
                Err(Error::DeploymentFailed(format!("{reason:?}")))
            }
            ExecutionResult::Success { .. } => {
                Err(Error::DeploymentFailed("no address was returned".into()))
            }
        }
    }

    /// Calls a contract in a transaction of its own, and forgets its effects.
    pub fn call(&mut self, address: Address, calldata: Vec<u8>) -> Result<CallOutcome> {
        self.call_with_gas(address, calldata, GAS_LIMIT)
    }

    /// The same with a limit to the transaction's gas.
    pub fn call_with_gas(
        &mut self,
        address: Address,
        calldata: Vec<u8>,
        gas_limit: u64,
    ) -> Result<CallOutcome> {
        let tx = TxEnv { gas_limit, ..self.transaction(TxKind::Call(address), calldata) };
        let result = self.inner.transact(tx).map_err(refused)?.result;
        let gas_used = result.gas_used();
        Ok(match result {
            ExecutionResult::Success { output, .. } => CallOutcome {
                success: true,
                output: output.into_data().to_vec(),
                gas_used,
                halted: None,
            },
            ExecutionResult::Revert { output, .. } => {
                CallOutcome { success: false, output: output.to_vec(), gas_used, halted: None }
            }
            ExecutionResult::Halt { reason, .. } => CallOutcome {
                success: false,
                output: vec![],
                gas_used,
                halted: Some(format!("{reason:?}")),
            },
        })
    }

    /// Size of a deployed contract's code.
    pub fn code_size(&mut self, address: Address) -> Result<usize> {
        use revm::database_interface::Database;
        let db = &mut self.inner.ctx.journaled_state.database;
        let info = db.basic(address).map_err(refused)?;
        Ok(info.and_then(|i| i.code).map_or(0, |code| code.original_bytes().len()))
    }

    fn transaction(&self, kind: TxKind, data: Vec<u8>) -> TxEnv {
        TxEnv {
            gas_limit: GAS_LIMIT,
            kind,
            data: data.into(),
            nonce: self.nonce,
            ..TxEnv::default()
        }
    }
}

fn refused(error: impl std::fmt::Debug) -> Error {
    Error::EvmRefused(format!("{error:?}"))
}
