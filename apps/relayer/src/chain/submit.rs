//! Proved jobs to the chain, and what was sent to its end.
//!
//! One process at a time works for a sender on a chain, by a lease; were there two, the store would still keep one job out of
//! two transactions ([`Store::keep`]). What is done is looked for on the chain before anything is sent, and the contract
//! refuses what it has counted.

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::eip2718::Encodable2718,
    network::TxSignerSync,
    primitives::{Address, Bytes, TxKind, U256},
    signers::local::PrivateKeySigner,
    sol_types::{SolCall, SolError},
};
use tracing::{info, warn};
use zkdkim_relation::owner::Owner;

use super::{
    abi::{
        IEmailRecovery::{self, RecoveryPending},
        RecoveryPublicInputs,
    },
    ledger::{CallFault, Head, Ledger},
    reverts::{judge, refused_of_bundle, Judgement},
    state::AccountState,
};
use crate::{
    error::{Error, Result},
    job::{Errand, Job, Refused, Target},
    store::{random_id, Signed, Store, Transaction},
};

/// How a sender behaves on a chain.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Blocks that a transaction has to be under, its own included, until it is final.
    pub confirmations: u64,
    /// Highest fee for a unit of gas, in wei.
    pub max_fee: u128,
    /// Most gas of one transaction.
    pub max_gas: u64,
    /// Seconds after which a transaction that is in no block is signed again with a higher fee.
    pub resend_seconds: i64,
    /// Transactions for one account in a day.
    pub budget: i64,
    /// Seconds for which a job waits for what time may change.
    pub patience_seconds: i64,
    /// Votes that go into one transaction at most.
    pub bundle: usize,
    /// Open transactions of the sender at most.
    pub in_flight: usize,
}

/// Works for one sender on one chain.
pub struct Submitter<L> {
    store: Store,
    ledger: L,
    signer: PrivateKeySigner,
    limits: Limits,
    holder: String,
}

const LEASE_SECONDS: i64 = 60;
/// For what will change soon, and for what may change.
const SOON_SECONDS: i64 = 2;
const LATER_SECONDS: i64 = 30;
const LOOKED_AT: i64 = 64;

impl<L: Ledger> Submitter<L> {
    /// Puts together who sends, where, and how.
    pub fn new(store: Store, ledger: L, signer: PrivateKeySigner, limits: Limits) -> Submitter<L> {
        Submitter { store, ledger, signer, limits, holder: random_id() }
    }

    /// The chain's node.
    pub fn ledger(&self) -> &L {
        &self.ledger
    }

    fn lease(&self) -> String {
        format!("sender {} {}", self.ledger.chain(), self.signer.address())
    }

    /// One round: what was sent is looked after, then what waits is sent. False where another process does it.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and [`Error::Node`]; whatever was done until then is kept, and the next round goes on.
    pub async fn turn(&self) -> Result<bool> {
        if !self.store.hold(&self.lease(), &self.holder, LEASE_SECONDS).await? {
            return Ok(false);
        }
        let head = self.ledger.head().await?;
        let open = self.settle(&head).await?;
        let waiting = self.store.waiting(self.ledger.chain(), LOOKED_AT).await?;
        let mut room = self.limits.in_flight.saturating_sub(open);
        for group in groups(waiting, self.limits.bundle) {
            if room == 0 {
                break;
            }
            if self.serve(group, &head).await? {
                room -= 1;
            }
        }
        Ok(true)
    }

    /// Ends the work, so that another process need not wait for the lease.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn stop(&self) -> Result<()> {
        self.store.let_go(&self.lease(), &self.holder).await
    }

    /// Looks after what was sent; how many are still open.
    async fn settle(&self, head: &Head) -> Result<usize> {
        let (chain, sender) = (self.ledger.chain(), self.signer.address());
        let mut open = 0;
        for transaction in self.store.open_transactions(chain, sender).await? {
            if !self.settle_one(&transaction, head).await? {
                open += 1;
            }
        }
        Ok(open)
    }

    /// Whether it came to its end.
    async fn settle_one(&self, sent: &Transaction, head: &Head) -> Result<bool> {
        // What a node says may be any number: nothing here may overflow.
        let deep = |block: u64| {
            block.saturating_add(self.limits.confirmations) <= head.number.saturating_add(1)
        };
        for hash in &sent.hashes {
            let Some(receipt) = self.ledger.receipt(*hash).await? else { continue };
            if !deep(receipt.block) {
                return Ok(false);
            }
            match receipt.success {
                true => self.succeeded(sent).await?,
                false => {
                    warn!(transaction = sent.id, "reverted; its jobs wait again");
                    self.store.undo(sent).await?;
                }
            }
            return Ok(true);
        }
        let settled = head.number.checked_sub(self.limits.confirmations.saturating_sub(1));
        if let Some(block) = settled {
            // Somebody else used the sender's key, or the chain forgot what it had.
            if self.ledger.nonce(sent.sender, Some(block)).await? > sent.nonce {
                warn!(transaction = sent.id, "its number was used by another; its jobs wait again");
                self.store.undo(sent).await?;
                return Ok(true);
            }
        }
        let signed = self.replacement(sent, head).await?;
        if let Err(error) = self.ledger.send(&signed.raw).await {
            warn!(transaction = sent.id, error = error.id(), %error, "not taken by the node");
        }
        Ok(false)
    }

    /// The version to send now: the last one, or one with a higher fee where that has waited long enough.
    async fn replacement(&self, sent: &Transaction, head: &Head) -> Result<Signed> {
        let last = &sent.signed;
        if sent.age < self.limits.resend_seconds {
            return Ok(last.clone());
        }
        // Nodes ask for a tenth more of both.
        let tip = last.tip + last.tip / 8 + 1;
        let max_fee = (last.max_fee + last.max_fee / 8 + 1)
            .max(head.base_fee.saturating_mul(2).saturating_add(tip));
        if max_fee > self.limits.max_fee {
            return Ok(last.clone());
        }
        let signed = self.sign(sent.nonce, sent.to, &sent.data, sent.gas, max_fee, tip)?;
        self.store.keep_version(sent, &signed).await?;
        info!(transaction = sent.id, "signed again with a higher fee");
        Ok(signed)
    }

    async fn succeeded(&self, sent: &Transaction) -> Result<()> {
        let jobs = self.store.carried(&sent.id).await?;
        let mut done = Vec::new();
        for job in &jobs {
            // A bundle passes over what is not needed any more.
            let had_effect = match (&job.proven, &job.target) {
                (Some(proven), Some(target)) => {
                    self.account(target).is_used(proven.nullifier(), None).await?
                }
                _ => true,
            };
            if had_effect {
                done.push(job);
            }
        }
        let started = match jobs.first().and_then(|job| job.target) {
            Some(target) if target.errand == Errand::Recover => self.started(&target).await?,
            _ => None,
        };
        let (execution, executable_from) = started.unzip();
        info!(transaction = sent.id, jobs = done.len(), "final");
        self.store.finish(sent, &done, executable_from, execution.as_ref()).await
    }

    /// The execution of the recovery that a vote started, and from when on it can be done.
    async fn started(&self, target: &Target) -> Result<Option<(Target, i64)>> {
        let pending = self.account(target).pending().await?;
        let voted = |bytes: &Bytes| Owner::from_bytes(bytes).ok() == target.new_owner;
        let pending = pending.filter(|pending| voted(&pending.newOwner));
        let execution = Target { errand: Errand::Execute, ..*target };
        Ok(pending.map(|pending| (execution, pending.executableFrom.to::<u64>() as i64)))
    }

    fn account(&self, target: &Target) -> AccountState<'_, L> {
        AccountState::new(&self.ledger, target.contract, target.account)
    }

    /// Sends what a group of jobs asks for; whether a transaction went out.
    async fn serve(&self, group: Vec<Job>, head: &Head) -> Result<bool> {
        let mut ready = Vec::new();
        for job in group {
            if self.is_ready(&job, head).await? {
                ready.push(job);
            }
        }
        let owner = match ready.first().and_then(|job| job.target?.new_owner) {
            Some(owner) => self.store.owner_bytes(owner).await?,
            None => Some(Bytes::new()),
        };
        let Some(owner) = owner else {
            for job in &ready {
                self.refuse(job, &Refused::owner_unknown()).await?;
            }
            return Ok(false);
        };
        // Each refusal takes a job out, and too much gas half of them, so this ends.
        while let Some(call) = Call::of(&ready, &owner) {
            match self.simulate(&call).await {
                // Some of them may fit; the others are looked at in the next round.
                Ok(gas) if with_margin(gas) > self.limits.max_gas && ready.len() > 1 => {
                    ready.truncate(ready.len() / 2);
                }
                Ok(gas) => return self.dispatch(&ready, &call, with_margin(gas), head).await,
                Err(CallFault::Node(error)) => return Err(error),
                Err(CallFault::Reverted(data)) => {
                    let (index, reason) = refused_of_bundle(&data).unwrap_or((0, data));
                    let job = ready.remove(index.min(ready.len() - 1));
                    self.not_now(&job, judge(&reason)).await?;
                }
            }
        }
        Ok(false)
    }

    /// Whether a job has to be sent: its effect is not there, and its time has come.
    async fn is_ready(&self, job: &Job, head: &Head) -> Result<bool> {
        let Some(target) = &job.target else { return Ok(false) };
        let account = self.account(target);
        if target.errand == Errand::Execute {
            let due = account.pending().await?.map(|p| p.executableFrom.to::<u64>());
            if let Some(early) =
                due.and_then(|due| due.checked_sub(head.timestamp.saturating_add(1)))
            {
                let seconds = i64::try_from(early).unwrap_or(i64::MAX).clamp(1, LATER_SECONDS);
                self.store.wait_longer(job, seconds).await?;
                return Ok(false);
            }
        }
        if target.errand == Errand::OpenRound {
            let open = account.standing(Errand::OpenRound).await?.is_some_and(|s| s.nonce != 0);
            if open {
                self.store.found_done(job, None, None).await?;
            }
            return Ok(!open);
        }
        let Some(proven) = &job.proven else { return Ok(true) };
        if !account.is_used(proven.nullifier(), None).await? {
            // A bundle that is too late would succeed and do nothing.
            if target.errand == Errand::Recover && account.pending().await?.is_some() {
                let late = RecoveryPending { account: target.account, nonce: target.nonce };
                self.not_now(job, judge(&late.abi_encode().into())).await?;
                return Ok(false);
            }
            return Ok(true);
        }
        let settled = head.number.saturating_sub(self.limits.confirmations.saturating_sub(1));
        if account.is_used(proven.nullifier(), Some(settled)).await? {
            let started = match target.errand {
                Errand::Recover => self.started(target).await?,
                _ => None,
            };
            let (execution, executable_from) = started.unzip();
            info!(job = job.id, "its effect is on the chain already");
            self.store.found_done(job, executable_from, execution.as_ref()).await?;
        } else {
            self.store.wait_longer(job, SOON_SECONDS).await?;
        }
        Ok(false)
    }

    async fn simulate(&self, call: &Call) -> Result<u64, CallFault> {
        let sender = self.signer.address();
        // Its data say which rule refuses; an estimate's answer often doesn't.
        self.ledger.call(sender, call.to, call.data.clone(), None).await?;
        self.ledger.estimate(sender, call.to, call.data.clone()).await
    }

    async fn not_now(&self, job: &Job, judgement: Judgement) -> Result<()> {
        match judgement {
            Judgement::Over(refused) => self.refuse(job, &refused).await,
            Judgement::Wait(refused) if job.age > self.limits.patience_seconds => {
                self.refuse(job, &refused).await
            }
            Judgement::Wait(refused) => {
                info!(job = job.id, reason = refused.reason, "waits");
                self.store.wait_longer(job, LATER_SECONDS).await
            }
        }
    }

    async fn refuse(&self, job: &Job, refused: &Refused) -> Result<()> {
        info!(job = job.id, reason = refused.reason, "refused");
        metrics::counter!("relayer_refusals_total", "reason" => refused.reason.clone())
            .increment(1);
        self.store.refuse_waiting(job, refused).await
    }

    /// Signs, keeps and sends. False where it has to wait.
    async fn dispatch(&self, jobs: &[Job], call: &Call, gas: u64, head: &Head) -> Result<bool> {
        let tip = self.ledger.tip().await?;
        if head.base_fee.saturating_add(tip) > self.limits.max_fee {
            info!(jobs = jobs.len(), "gas costs more than the limit; it waits");
            return Ok(false);
        }
        if gas > self.limits.max_gas {
            let detail = format!("it needs {gas} gas, more than the operator allows");
            let refused = Refused::new("too-much-gas", detail, "another relayer may send it");
            for job in jobs {
                self.refuse(job, &refused).await?;
            }
            return Ok(false);
        }
        let (chain, sender) = (self.ledger.chain(), self.signer.address());
        if !self.store.spend(chain, call.account, self.limits.budget).await? {
            let refused = Refused::new(
                "budget",
                "the relayer sends no more for this account today",
                "send the mail to another relayer, or again tomorrow",
            );
            for job in jobs {
                self.refuse(job, &refused).await?;
            }
            return Ok(false);
        }
        let nonce = self.next_nonce(sender).await?;
        let max_fee = head.base_fee.saturating_mul(2).saturating_add(tip).min(self.limits.max_fee);
        let signed = self.sign(nonce, call.to, &call.data, gas, max_fee, tip)?;
        let transaction = Transaction {
            id: random_id(),
            chain,
            sender,
            nonce,
            to: call.to,
            data: call.data.clone(),
            gas,
            hashes: vec![signed.hash],
            signed,
            age: 0,
        };
        if !self.store.keep(&transaction, jobs).await? {
            return Ok(false);
        }
        info!(transaction = transaction.id, jobs = jobs.len(), "sent");
        metrics::counter!("relayer_transactions_total").increment(1);
        // Whatever the node says, it is in the store, and the next round looks after it.
        if let Err(error) = self.ledger.send(&transaction.signed.raw).await {
            warn!(
                transaction = transaction.id,
                error = error.id(),
                "not taken by the node; sent again later"
            );
        }
        Ok(true)
    }

    async fn next_nonce(&self, sender: Address) -> Result<u64> {
        let confirmed = self.ledger.nonce(sender, None).await?;
        let open = self.store.open_transactions(self.ledger.chain(), sender).await?;
        Ok(open.last().map_or(confirmed, |last| confirmed.max(last.nonce.saturating_add(1))))
    }

    fn sign(
        &self,
        nonce: u64,
        to: Address,
        data: &[u8],
        gas_limit: u64,
        max_fee_per_gas: u128,
        max_priority_fee_per_gas: u128,
    ) -> Result<Signed> {
        let mut transaction = TxEip1559 {
            chain_id: self.ledger.chain(),
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            to: TxKind::Call(to),
            value: U256::ZERO,
            access_list: Default::default(),
            input: Bytes::copy_from_slice(data),
        };
        let signature = self
            .signer
            .sign_transaction_sync(&mut transaction)
            .map_err(|error| Error::Ended { what: "signing", detail: error.to_string() })?;
        let envelope = TxEnvelope::from(transaction.into_signed(signature));
        Ok(Signed {
            hash: *envelope.tx_hash(),
            raw: envelope.encoded_2718(),
            max_fee: max_fee_per_gas,
            tip: max_priority_fee_per_gas,
        })
    }
}

/// What a transaction calls.
struct Call {
    account: Address,
    to: Address,
    data: Vec<u8>,
}

impl Call {
    /// The call for jobs of one group, which vote for this owner or for nobody; none where there is no job.
    fn of(jobs: &[Job], owner: &Bytes) -> Option<Call> {
        let target = jobs.first()?.target?;
        let (account, owner) = (target.account, owner.clone());
        let proofs: Vec<_> = jobs.iter().filter_map(|job| job.proven.as_ref()).collect();
        let one = || {
            proofs.first().map(|p| (RecoveryPublicInputs::from(*p), Bytes::from(p.proof.clone())))
        };
        let data = match target.errand {
            Errand::OpenRound => IEmailRecovery::openRoundCall { account }.abi_encode(),
            Errand::Execute => IEmailRecovery::executeCall { account }.abi_encode(),
            Errand::Accept => {
                let (inputs, proof) = one()?;
                IEmailRecovery::acceptGuardianCall { account, inputs, proof }.abi_encode()
            }
            Errand::Cancel => {
                let (inputs, proof) = one()?;
                IEmailRecovery::voteToCancelCall { account, inputs, proof }.abi_encode()
            }
            Errand::Recover if proofs.len() == 1 => {
                let (inputs, proof) = one()?;
                IEmailRecovery::voteCall { account, newOwner: owner, inputs, proof }.abi_encode()
            }
            Errand::Recover => {
                let inputs = proofs.iter().map(|p| RecoveryPublicInputs::from(*p)).collect();
                let proofs = proofs.iter().map(|p| Bytes::from(p.proof.clone())).collect();
                IEmailRecovery::voteBatchCall { account, newOwner: owner, inputs, proofs }
                    .abi_encode()
            }
        };
        Some(Call { account, to: target.contract, data })
    }
}

/// A quarter more: another transaction may come before.
fn with_margin(gas: u64) -> u64 {
    gas.saturating_add(gas / 4)
}

/// Votes for one key of one account go together, anything else by itself; in the order of their arrival.
fn groups(jobs: Vec<Job>, bundle: usize) -> Vec<Vec<Job>> {
    let mut groups: Vec<Vec<Job>> = Vec::new();
    for job in jobs {
        let together = |group: &&mut Vec<Job>| {
            group.len() < bundle
                && job.target.is_some_and(|target| target.errand == Errand::Recover)
                && group.first().is_some_and(|first| first.target == job.target)
        };
        match groups.iter_mut().find(together) {
            Some(group) => group.push(job),
            None => groups.push(vec![job]),
        }
    }
    groups
}
