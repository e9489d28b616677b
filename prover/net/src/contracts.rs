//! What is asked of this project's contracts and of accounts.

use crate::{
    abi,
    error::{Error, Result},
    rpc::{Log, LogFilter, Rpc},
};

/// ERC-1271's answer to a good signature.
const MAGIC: [u8; 4] = [0x16, 0x26, 0xba, 0x7e];
/// The event in which a recovery contract publishes encrypted salts.
const SALTS_ESCROWED: &str = "SaltsEscrowed(address,bytes)";

/// The nonce of the round that is open for an account (`IEmailRecovery.roundOf`); none where there is none, or where
/// `now`, in seconds since 1970, is past its end.
///
/// # Errors
///
/// Those of [`Rpc::chain_id`].
pub fn round_nonce(
    rpc: &Rpc,
    recovery: &[u8; 20],
    account: &[u8; 20],
    now: u64,
) -> Result<Option<u64>> {
    let call = abi::call("roundOf(address)", &[abi::address(account)]);
    let Some(data) = rpc.eth_call(recovery, &call)? else { return Ok(None) };
    let nonce = abi::number_at(&data, 0);
    let closes_at = abi::number_at(&data, 2);
    match (nonce, closes_at) {
        (Some(nonce), Some(closes_at)) => Ok((now < closes_at).then_some(nonce)),
        _ => Err(none(rpc, "no round: is this the recovery contract?")),
    }
}

/// Whether a registry of roots accepts a root (`IKeyRegistryRoots.isAcceptedAfter` with no delay).
///
/// # Errors
///
/// Those of [`Rpc::chain_id`]; [`Error::Answer`] where the contract has no such function.
pub fn is_root_accepted(rpc: &Rpc, roots: &[u8; 20], root: &[u8; 32]) -> Result<bool> {
    let call = abi::call("isAcceptedAfter(uint256,uint256)", &[*root, abi::number(0)]);
    let data = rpc.eth_call(roots, &call)?;
    let flag = data.and_then(|data| abi::number_at(&data, 0));
    flag.map(|flag| flag == 1)
        .ok_or_else(|| none(rpc, "no truth value: is this the registry of roots?"))
}

/// The root that a registry of roots accepted last, 0 for none (`KeyRegistryRoots.latestRoot`).
///
/// # Errors
///
/// Those of [`Rpc::chain_id`]; [`Error::Answer`] where the contract has no such function.
pub fn latest_root(rpc: &Rpc, roots: &[u8; 20]) -> Result<[u8; 32]> {
    let data = rpc.eth_call(roots, &abi::call("latestRoot()", &[]))?;
    let root = data.filter(|data| data.len() == 32).and_then(|data| abi::word(&data, 0));
    root.ok_or_else(|| none(rpc, "no root: is this the registry of roots?"))
}

/// What the owner of a registry of roots has to call so that a root follows the latest one
/// (`KeyRegistryRoots.proposeRoot`).
pub fn propose_root(root: &[u8; 32], latest: &[u8; 32]) -> Vec<u8> {
    abi::call("proposeRoot(uint256,uint256)", &[*root, *latest])
}

/// Whether an account that is a contract takes a signature for its own (ERC-1271); false where it has no code.
///
/// # Errors
///
/// Those of [`Rpc::chain_id`].
pub fn is_valid_signature(
    rpc: &Rpc,
    account: &[u8; 20],
    hash: &[u8; 32],
    signature: &[u8],
) -> Result<bool> {
    let call = abi::call_with_bytes("isValidSignature(bytes32,bytes)", &[*hash], signature);
    let data = rpc.eth_call(account, &call)?.unwrap_or_default();
    let mut magic = [0; 32];
    magic[..4].copy_from_slice(&MAGIC);
    Ok(abi::word(&data, 0) == Some(magic))
}

/// Encrypted salts as a recovery contract published them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscrowEvent {
    /// Whose salts they are.
    pub account: [u8; 20],
    /// The block in which they were published.
    pub block: u64,
    /// What was published; anybody may publish anything for an account of their own.
    pub escrow: Vec<u8>,
}

/// All encrypted salts that a recovery contract published in a range of blocks, for one account or for all. Where the node
/// refuses a range as too long, it is halved.
///
/// # Errors
///
/// Those of [`Rpc::chain_id`].
pub fn escrow_events(
    rpc: &Rpc,
    recovery: &[u8; 20],
    account: Option<&[u8; 20]>,
    blocks: std::ops::RangeInclusive<u64>,
) -> Result<Vec<EscrowEvent>> {
    let topics = vec![Some(abi::signature_hash(SALTS_ESCROWED)), account.map(abi::address)];
    let filter = LogFilter { contract: *recovery, topics };
    let (mut from, last, mut span) = (*blocks.start(), *blocks.end(), u64::MAX);
    let mut events = Vec::new();
    while from <= last {
        let to = last.min(from.saturating_add(span - 1));
        match rpc.logs(&filter, from, to) {
            Ok(logs) => {
                events.extend(logs.iter().filter_map(escrow_event));
                let Some(next) = to.checked_add(1) else { break };
                from = next;
            }
            // A refusal or too long an answer: a shorter range cures it, if anything does.
            Err(Error::Rpc { .. } | Error::TooLarge { .. } | Error::Answer { .. }) if to > from => {
                span = (to - from).div_ceil(2);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(events)
}

fn escrow_event(log: &Log) -> Option<EscrowEvent> {
    let topic = log.topics.get(1)?;
    let account = topic[12..].try_into().ok()?;
    let escrow = abi::bytes_at(&log.data, 0)?.to_vec();
    Some(EscrowEvent { account, block: log.block, escrow })
}

fn none(rpc: &Rpc, detail: &str) -> Error {
    Error::Answer { origin: rpc.origin(), detail: detail.into() }
}
