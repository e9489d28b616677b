//! A chain in memory with one account at one recovery contract, which does what it is told to do wrong: loses transactions,
//! puts them off, goes back some blocks.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use alloy::{
    consensus::{Transaction as _, TxEnvelope},
    eips::eip2718::Decodable2718,
    primitives::{keccak256, Address, Bytes, B256, U256},
    sol_types::{SolCall, SolError, SolValue},
};
use zkdkim_relayer::{
    chain::{
        abi::{
            owner as abi_owner,
            IEmailRecovery::{self as abi, IEmailRecoveryCalls as Calls},
            PendingRecovery, RecoveryPublicInputs, IERC1271,
        },
        CallFault, Head, Ledger, Receipt, Started,
    },
    Error, Result,
};

use super::{ACCOUNT, CHAIN};

/// The number of the round that is open from the start.
pub const ROUND: u64 = 4711;
/// The number of the configuration.
pub const SETUP: u64 = 12;
pub const THRESHOLD: usize = 3;

/// What the contract knows, behind a block.
#[derive(Clone, Debug, Default)]
struct World {
    nonces: BTreeMap<Address, u64>,
    used: BTreeSet<U256>,
    votes: BTreeMap<U256, Bytes>,
    pending: Option<Bytes>,
    receipts: BTreeMap<B256, Receipt>,
}

#[derive(Debug)]
struct Node {
    /// One for each block; the last is the newest.
    blocks: Vec<World>,
    pool: Vec<Vec<u8>>,
    /// Transactions to lose, still.
    lose: usize,
    /// Whether it answers.
    down: bool,
    /// Guardians whom the contract refuses.
    strangers: BTreeSet<U256>,
    base_fee: u128,
    least_max_fee: u128,
    /// Every transaction that had its effect, in whatever history.
    effects: Vec<U256>,
    sends: usize,
    /// A contract that takes this signature for its own.
    signer: Option<(Address, Bytes)>,
}

/// The chain; clones are the same one.
#[derive(Clone, Debug)]
pub struct Misbehaving(Arc<Mutex<Node>>);

impl Misbehaving {
    pub fn new() -> Misbehaving {
        Misbehaving(Arc::new(Mutex::new(Node {
            blocks: vec![World::default(); 10],
            pool: Vec::new(),
            lose: 0,
            down: false,
            strangers: BTreeSet::new(),
            base_fee: 10,
            least_max_fee: 0,
            effects: Vec::new(),
            sends: 0,
            signer: None,
        })))
    }

    fn node(&self) -> std::sync::MutexGuard<'_, Node> {
        self.0.lock().unwrap()
    }

    /// The next transactions are taken and forgotten.
    pub fn lose(&self, count: usize) {
        self.node().lose = count;
    }

    /// No question is answered from now on, or every one.
    pub fn set_down(&self, down: bool) {
        self.node().down = down;
    }

    /// Blocks take no transaction that offers less.
    pub fn ask_for(&self, base_fee: u128, least_max_fee: u128) {
        let mut node = self.node();
        (node.base_fee, node.least_max_fee) = (base_fee, least_max_fee);
    }

    /// The contract does not know this guardian.
    pub fn disown(&self, guardian: u64) {
        self.node().strangers.insert(U256::from(guardian));
    }

    /// A contract at this address takes this signature for its own, whatever was signed.
    pub fn sign_at(&self, account: Address, signature: &[u8]) {
        self.node().signer = Some((account, Bytes::copy_from_slice(signature)));
    }

    /// A block with everything from the pool that fits.
    pub fn mine(&self) {
        let mut node = self.node();
        let mut world = node.blocks.last().cloned().unwrap_or_default();
        let number = node.blocks.len() as u64;
        let mut pool = std::mem::take(&mut node.pool);
        pool.sort_by_key(|raw| decode(raw).0.nonce());
        for raw in pool {
            let (transaction, sender) = decode(&raw);
            let next = *world.nonces.get(&sender).unwrap_or(&0);
            if transaction.nonce() < next {
                continue;
            }
            if transaction.nonce() > next || transaction.max_fee_per_gas() < node.least_max_fee {
                node.pool.push(raw);
                continue;
            }
            world.nonces.insert(sender, next + 1);
            let success = match apply(&mut world, &node.strangers, transaction.input()) {
                Ok(effects) => {
                    node.effects.extend(effects);
                    true
                }
                Err(_) => false,
            };
            let hash = keccak256(&raw);
            world.receipts.insert(hash, Receipt { block: number, success });
        }
        node.blocks.push(world);
    }

    /// As many blocks never were. What they held is forgotten, as by a node that had seen only them.
    pub fn reorganise(&self, blocks: usize) {
        let mut node = self.node();
        let kept = node.blocks.len() - blocks;
        let gone = node.blocks.split_off(kept);
        let (Some(was), Some(is)) = (gone.last(), node.blocks.last()) else { return };
        let undone: Vec<U256> = was.used.difference(&is.used).copied().collect();
        node.effects.retain(|effect| !undone.contains(effect));
        node.pool.clear();
    }

    /// Somebody else sends a vote first, in a block of its own.
    pub fn vote_by_another(&self, nullifier: U256, guardian: u64) {
        let mut node = self.node();
        let mut world = node.blocks.last().cloned().unwrap_or_default();
        world.used.insert(nullifier);
        world.votes.insert(U256::from(guardian), abi_owner(super::KEY));
        node.effects.push(nullifier);
        node.blocks.push(world);
    }

    /// Enough others have voted, in a block of its own.
    pub fn start_recovery(&self) {
        let mut node = self.node();
        let mut world = node.blocks.last().cloned().unwrap_or_default();
        world.pending = Some(abi_owner(super::KEY));
        node.blocks.push(world);
    }

    /// Who shall be the owner.
    pub fn pending(&self) -> Option<Bytes> {
        self.node().blocks.last().and_then(|world| world.pending.clone())
    }

    /// The sender's key is used elsewhere.
    pub fn use_nonce(&self, sender: Address) {
        let mut node = self.node();
        let mut world = node.blocks.last().cloned().unwrap_or_default();
        *world.nonces.entry(sender).or_default() += 1;
        node.blocks.push(world);
    }

    /// Nullifiers of all votes that counted, each as often as it did.
    pub fn effects(&self) -> Vec<U256> {
        let mut effects = self.node().effects.clone();
        effects.sort();
        effects
    }

    /// How often something was sent.
    pub fn sends(&self) -> usize {
        self.node().sends
    }

    fn answer<T>(&self, answer: impl FnOnce(&mut Node) -> T) -> Result<T> {
        let mut node = self.node();
        if node.down {
            return Err(Error::Node { chain: CHAIN, detail: "down".into() });
        }
        Ok(answer(&mut node))
    }
}

fn decode(raw: &[u8]) -> (TxEnvelope, Address) {
    let transaction = TxEnvelope::decode_2718(&mut &raw[..]).unwrap();
    let sender =
        alloy::consensus::transaction::SignerRecoverable::recover_signer(&transaction).unwrap();
    (transaction, sender)
}

/// Which votes counted, or what the contract reverts with.
fn apply(world: &mut World, strangers: &BTreeSet<U256>, data: &[u8]) -> Result<Vec<U256>, Bytes> {
    use alloy::sol_types::SolInterface;
    match Calls::abi_decode(data).unwrap() {
        Calls::vote(call) => {
            let vote = one(world, strangers, &call.newOwner, &call.inputs)?;
            Ok(vec![vote])
        }
        Calls::voteBatch(call) => {
            let before = world.clone();
            let mut counted = Vec::new();
            for (index, inputs) in call.inputs.iter().enumerate() {
                if world.pending.as_ref() == Some(&call.newOwner) {
                    break;
                }
                if world.used.contains(&inputs.nullifier) {
                    continue;
                }
                match one(world, strangers, &call.newOwner, inputs) {
                    Ok(nullifier) => counted.push(nullifier),
                    Err(reason) => {
                        *world = before;
                        let index = U256::from(index);
                        return Err(abi::BatchedVoteRefused { index, reason }.abi_encode().into());
                    }
                }
            }
            Ok(counted)
        }
        other => panic!("not in these tests: {:?}", other.selector()),
    }
}

fn one(
    world: &mut World,
    strangers: &BTreeSet<U256>,
    owner: &Bytes,
    inputs: &RecoveryPublicInputs,
) -> Result<U256, Bytes> {
    let (account, commitment) = (ACCOUNT, inputs.emailCommitment);
    if world.pending.is_some() {
        return Err(abi::RecoveryPending { account, nonce: ROUND }.abi_encode().into());
    }
    if strangers.contains(&commitment) {
        return Err(abi::NotGuardian { account, guardian: commitment }.abi_encode().into());
    }
    if !world.used.insert(inputs.nullifier) {
        let nullifier = inputs.nullifier;
        return Err(abi::MailAlreadyUsed { account, nullifier }.abi_encode().into());
    }
    world.votes.insert(commitment, owner.clone());
    if world.votes.values().filter(|voted| *voted == owner).count() >= THRESHOLD {
        world.pending = Some(owner.clone());
    }
    Ok(inputs.nullifier)
}

fn view(world: &World, data: &[u8]) -> Option<Bytes> {
    if let Ok(call) = abi::setupOfCall::abi_decode(data) {
        let nonce = if call.account == ACCOUNT { SETUP } else { 0 };
        return Some((nonce, U256::from(1000)).abi_encode().into());
    }
    if abi::roundOfCall::abi_decode(data).is_ok() {
        return Some((ROUND, U256::from(1000), U256::from(9_000_000_000u64)).abi_encode().into());
    }
    if let Ok(call) = abi::isNullifierUsedCall::abi_decode(data) {
        return Some(world.used.contains(&call.nullifier).abi_encode().into());
    }
    // Of the configuration it says nothing, as where no contract is.
    if abi::configOfCall::abi_decode(data).is_ok() {
        return Some(Bytes::new());
    }
    if abi::pendingRecoveryOfCall::abi_decode(data).is_ok() {
        let pending = PendingRecovery {
            newOwner: world.pending.clone().unwrap_or_default(),
            executableFrom: alloy::primitives::Uint::from(
                u64::from(world.pending.is_some()) * 5000,
            ),
            expiresAt: Default::default(),
        };
        return Some(pending.abi_encode().into());
    }
    None
}

#[async_trait::async_trait]
impl Ledger for Misbehaving {
    fn chain(&self) -> u64 {
        CHAIN
    }

    async fn head(&self) -> Result<Head> {
        self.answer(|node| {
            let number = node.blocks.len() as u64 - 1;
            Head { number, timestamp: 1000 + number, base_fee: node.base_fee }
        })
    }

    async fn nonce(&self, sender: Address, block: Option<u64>) -> Result<u64> {
        self.answer(|node| {
            let block = block.map_or(node.blocks.len() - 1, |block| block as usize);
            node.blocks.get(block).map_or(0, |world| *world.nonces.get(&sender).unwrap_or(&0))
        })
    }

    async fn call(
        &self,
        _from: Address,
        to: Address,
        data: Vec<u8>,
        block: Option<u64>,
    ) -> Result<Bytes, CallFault> {
        let answer = self.answer(|node| {
            if let Ok(call) = IERC1271::isValidSignatureCall::abi_decode(&data) {
                let takes = node.signer == Some((to, call.signature));
                let magic = [&[0x16, 0x26, 0xba, 0x7e][..], &[0; 28]].concat();
                // Where nothing is deployed, there is no answer at all.
                return Ok(if takes { magic.into() } else { Bytes::new() });
            }
            let block = block.map_or(node.blocks.len() - 1, |block| block as usize);
            let mut world = node.blocks[block].clone();
            match view(&world, &data) {
                Some(answer) => Ok(answer),
                None => apply(&mut world, &node.strangers, &data).map(|_| Bytes::new()),
            }
        })?;
        answer.map_err(CallFault::Reverted)
    }

    async fn estimate(&self, from: Address, to: Address, data: Vec<u8>) -> Result<u64, CallFault> {
        let votes = match abi::voteBatchCall::abi_decode(&data) {
            Ok(batch) => batch.inputs.len() as u64,
            Err(_) => 1,
        };
        self.call(from, to, data, None).await.map(|_| 400_000 * votes)
    }

    async fn tip(&self) -> Result<u128> {
        self.answer(|_| 1)
    }

    async fn send(&self, raw: &[u8]) -> Result<()> {
        self.answer(|node| {
            node.sends += 1;
            if node.lose > 0 {
                node.lose -= 1;
                return;
            }
            let (transaction, sender) = decode(raw);
            // The one that offers more takes the other's place.
            node.pool.retain(|other| {
                let (old, by) = decode(other);
                by != sender
                    || old.nonce() != transaction.nonce()
                    || old.max_fee_per_gas() > transaction.max_fee_per_gas()
            });
            node.pool.push(raw.to_vec());
        })
    }

    async fn started(&self, _: &[Address], from: u64, to: u64) -> Result<Vec<Started>> {
        self.answer(|node| {
            let blocks = from as usize..=(to as usize).min(node.blocks.len() - 1);
            let began = |block: &usize| {
                let before = block.checked_sub(1).and_then(|b| node.blocks[b].pending.clone());
                before.is_none() && node.blocks[*block].pending.is_some()
            };
            let started = |block: usize| Started {
                contract: super::CONTRACT,
                account: ACCOUNT,
                nonce: ROUND,
                new_owner: node.blocks[block].pending.clone().unwrap_or_default(),
                executable_from: 5000,
                expires_at: 9000,
            };
            blocks.filter(began).map(started).collect()
        })
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>> {
        self.answer(|node| node.blocks.last().and_then(|world| world.receipts.get(&hash).copied()))
    }
}
