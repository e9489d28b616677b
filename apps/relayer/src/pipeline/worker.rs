//! Takes jobs, one at a time, and brings them from the mail to the proof. Any number of workers, in any number of processes.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy::primitives::{Address, U256};
use tokio::{sync::watch, time};
use tracing::{info, warn};
use zeroize::Zeroizing;
use zkdkim_relation::{
    commitment::{email_commitment, to_biguint},
    inspect::Provable,
    EmailCommitment, KeyRegistry,
};

use super::{
    check::{check, header_digest, Mail},
    keys::KeySource,
    prove::Proving,
    salt::{commitment_of, Asked, SaltFault, SaltSource},
};
use crate::{
    answer::Reply,
    chain::{abi::RecoveryConfig, locate, AccountState, Ledger, Standing},
    error::{Error, Result},
    job::{Errand, Job, Refused, State, Target},
    store::{Checked, Lease, Sender, Store},
};

/// How long a lease lasts, and how often it is renewed.
const LEASE_SECONDS: i64 = 60;
const RENEW: Duration = Duration::from_secs(15);
/// A job that was taken this often is given up: it may be what kills its workers.
const MAX_ATTEMPTS: i64 = 60;
/// How far nodes of one chain may be apart, and how often that is looked at.
const LAG_SECONDS: i64 = 60;
const RETRY_SECONDS: i64 = 5;
/// How long a vote waits for somebody to say what the new owner is of which it has the hash, and how often that is looked at.
const OWNER_SECONDS: i64 = 3600;
const OWNER_RETRY_SECONDS: i64 = 15;
/// The contracts' tolerance for clocks, in seconds.
const CLOCK_TOLERANCE: u64 = 900;
/// The reason of a mail whose signed header is another job already.
const DUPLICATE: &str = "duplicate";
/// How long a proof shall stay acceptable, in seconds.
const MARGIN: u64 = 3600;

/// A chain that the relayer serves.
#[derive(Clone)]
pub struct Chain {
    /// Its node.
    pub ledger: Arc<dyn Ledger>,
    /// The recovery contracts that are served.
    pub contracts: Vec<Address>,
}

/// Brings jobs to their proof. Clones share everything.
#[derive(Clone)]
pub struct Worker {
    /// Where the jobs are.
    pub store: Store,
    /// By EIP-155 identifier.
    pub chains: Arc<BTreeMap<u64, Chain>>,
    /// Whose keys sign.
    pub keys: Arc<dyn KeySource>,
    /// Where salts come from.
    pub salts: Arc<dyn SaltSource>,
    /// Makes the proofs.
    pub proving: Proving,
    /// How long to wait where there is nothing to do.
    pub poll: Duration,
    /// Seconds for which a job waits for what time may change.
    pub patience_seconds: i64,
    /// Whether senders are answered; where they are not, nobody's address is kept for that.
    pub answers: bool,
}

/// Where a job stands after a worker had it.
enum Outcome {
    Proved,
    Refused(Refused, Option<Sender>),
    PutOff(i64),
}

impl From<Refused> for Outcome {
    fn from(refused: Refused) -> Outcome {
        Outcome::Refused(refused, None)
    }
}

impl Worker {
    /// Works until told to stop; what it has at that moment is given back.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let claimed = match self.store.claim(LEASE_SECONDS).await {
                Ok(claimed) => claimed,
                Err(error) => {
                    warn!(error = error.id(), %error, "no job can be taken");
                    None
                }
            };
            let Some((lease, job)) = claimed else {
                tokio::select! {
                    _ = time::sleep(self.poll) => {}
                    _ = stop.changed() => {}
                }
                continue;
            };
            tokio::select! {
                () = self.hold(&lease, job) => {}
                _ = stop.changed() => {
                    if let Err(error) = self.store.put_off(&lease, 0).await {
                        warn!(job = lease.job, error = error.id(), "not given back; its lease will run out");
                    }
                }
            }
        }
    }

    /// Works on a job and keeps its lease.
    async fn hold(&self, lease: &Lease, job: Job) {
        let started = time::Instant::now();
        let (id, age) = (job.id.clone(), job.age);
        let work = async {
            let outcome = self.work(lease, job).await;
            self.conclude(lease, age, outcome).await
        };
        let renew = async {
            loop {
                time::sleep(RENEW).await;
                if let Err(error) = self.store.renew(lease, LEASE_SECONDS).await {
                    return error;
                }
            }
        };
        tokio::select! {
            done = work => match done {
                Ok(()) => {
                    metrics::histogram!("relayer_job_seconds").record(started.elapsed().as_secs_f64());
                }
                Err(error) => warn!(job = id, error = error.id(), %error, "not done"),
            },
            error = renew => warn!(job = id, error = error.id(), "given up"),
        }
    }

    async fn conclude(&self, lease: &Lease, age: i64, outcome: Result<Outcome>) -> Result<()> {
        match outcome {
            Ok(Outcome::Proved) => Ok(()),
            Ok(Outcome::PutOff(seconds)) => self.store.put_off(lease, seconds).await,
            Ok(Outcome::Refused(refused, sender)) => {
                info!(job = lease.job, reason = refused.reason, "refused");
                metrics::counter!("relayer_refusals_total", "reason" => refused.reason.clone())
                    .increment(1);
                self.store.refuse(lease, &refused, sender.as_ref()).await
            }
            Err(error @ Error::LeaseLost { .. }) => Err(error),
            Err(error) => {
                metrics::counter!("relayer_faults_total", "error" => error.id()).increment(1);
                warn!(job = lease.job, error = error.id(), %error, "put off");
                // The longer it lasts, the longer it is left alone.
                self.store.put_off(lease, (age / 8).clamp(2, 300)).await
            }
        }
    }

    async fn work(&self, lease: &Lease, job: Job) -> Result<Outcome> {
        if job.attempts > MAX_ATTEMPTS {
            let detail = format!("it was begun {MAX_ATTEMPTS} times and never finished");
            return Ok(Refused::new("gave-up", detail, "the operator was told").into());
        }
        if job.age > self.patience_seconds {
            let detail = "what it waits for did not come";
            return Ok(
                Refused::new("gave-up", detail, "send a new mail, or try another relayer").into()
            );
        }
        let Some(message) = self.store.mail(&job.id).await? else {
            return Ok(Refused::new(
                "mail-missing",
                "the mail is not in the store",
                "send it again",
            )
            .into());
        };
        let registry = self.keys.registry().await?;
        let mail = match checked(message.clone(), registry.clone()).await? {
            Ok(mail) => mail,
            Err((refused, provable)) => {
                // Nobody is answered but whom the signature shows.
                let sender = provable.and_then(|provable| self.sender(&message, &provable));
                return Ok(Outcome::Refused(refused, sender));
            }
        };
        let sender = self.sender(&message, &mail.provable);
        match self.wanted(lease, &job, mail, sender.clone(), registry.clone()).await? {
            // The answer is that of the other job.
            Next::End(Outcome::Refused(refused, _)) if refused.reason == DUPLICATE => {
                Ok(refused.into())
            }
            Next::End(Outcome::Refused(refused, _)) => Ok(Outcome::Refused(refused, sender)),
            Next::End(outcome) => Ok(outcome),
            Next::Prove(ready) => {
                self.store.step(lease, State::Proving).await?;
                let Ready { salt, not_before } = *ready;
                let started = time::Instant::now();
                match self.proving.prove(message, salt, registry, not_before).await? {
                    Err(refused) => Ok(Outcome::Refused(refused, sender)),
                    Ok(proven) => {
                        metrics::histogram!("relayer_proof_seconds")
                            .record(started.elapsed().as_secs_f64());
                        self.store.proved(lease, &proven).await?;
                        info!(job = lease.job, "proved");
                        Ok(Outcome::Proved)
                    }
                }
            }
        }
    }

    /// Who is told what becomes of a mail; nobody where no person wrote it.
    fn sender(&self, message: &[u8], provable: &Provable) -> Option<Sender> {
        let envelope = self.answers.then(|| Reply::to(message, provable)).flatten()?;
        Some(Sender { envelope, header_digest: header_digest(provable) })
    }

    /// Whether a contract waits for this mail, and everything that its proof needs.
    async fn wanted(
        &self,
        lease: &Lease,
        job: &Job,
        mail: Mail,
        sender: Option<Sender>,
        registry: Arc<KeyRegistry>,
    ) -> Result<Next> {
        let Some(chain) = self.chains.get(&mail.target.chain) else {
            let served: Vec<_> = self.chains.keys().map(u64::to_string).collect();
            let detail = format!("chain {} is not served here", mail.target.chain);
            let hint =
                format!("this relayer serves {}; find one for that chain", served.join(", "));
            return Ok(Refused::new("chain", detail, hint).into());
        };
        let Some((contract, standing)) =
            locate(&*chain.ledger, &chain.contracts, &mail.target).await?
        else {
            // The node that is asked may be some blocks behind the one that showed the number.
            return Ok(match job.age < LAG_SECONDS {
                true => Next::End(Outcome::PutOff(RETRY_SECONDS)),
                false => not_waiting(&mail.target).into(),
            });
        };
        let target = Target { contract, ..mail.target };
        if job.state == State::Received {
            let header_digest = header_digest(&mail.provable);
            let reply = sender.map(|sender| sender.envelope);
            let checked = Checked { target: &target, header_digest, reply };
            if !self.store.checked(lease, &checked).await? {
                let detail = "the same signed header is being worked on, or has had its effect";
                return Ok(Refused::new(DUPLICATE, detail, "nothing is left to do").into());
            }
        }
        if let Some(owner) = target.new_owner {
            if self.store.owner_bytes(owner).await?.is_none() {
                // The guardian may be faster than the wallet.
                return Ok(match job.age < OWNER_SECONDS {
                    true => Next::End(Outcome::PutOff(OWNER_RETRY_SECONDS)),
                    false => Refused::owner_unknown().into(),
                });
            }
        }
        let account = AccountState::new(&*chain.ledger, contract, target.account);
        let Some(config) = account.config().await? else {
            return Ok(not_waiting(&target).into());
        };
        if account.verifying_key(&config).await? != Some(self.proving.key_digest()) {
            let detail = "the account's verifier takes proofs of another circuit";
            return Ok(
                Refused::new("other-verifier", detail, "use a relayer of that version").into()
            );
        }
        let root = U256::from_be_slice(&to_biguint(&registry.root().0).to_bytes_be());
        if !account.takes_root(&config, root).await? {
            metrics::counter!("relayer_roots_not_accepted_total").increment(1);
            warn!(job = job.id, "the account does not accept the registry's root, or not yet");
            return Ok(Next::End(Outcome::PutOff(60)));
        }
        self.store.step(lease, State::Salt).await?;
        let known = Job { target: Some(target), ..job.clone() };
        self.salted(&known, &mail.provable, &account, &config, standing, &*chain.ledger).await
    }

    async fn salted(
        &self,
        job: &Job,
        mail: &Provable,
        account: &AccountState<'_, dyn Ledger>,
        config: &RecoveryConfig,
        standing: Standing,
        ledger: &dyn Ledger,
    ) -> Result<Next> {
        let guardians: Vec<EmailCommitment> =
            config.guardians.iter().filter_map(|g| commitment_of(g.guardian)).collect();
        let asked = Asked { job, mail, guardians: &guardians };
        let salt = match self.salts.salt(&asked).await {
            Ok(salt) => salt,
            Err(SaltFault::Refused(refused)) => return Ok(refused.into()),
            Err(SaltFault::Later(seconds)) => return Ok(Next::End(Outcome::PutOff(seconds))),
            Err(SaltFault::Failed(error)) => return Err(error),
        };
        let commitment = email_commitment(&salt, &mail.view.address)
            .map_or(U256::ZERO, |c| U256::from_be_slice(&to_biguint(&c.0).to_bytes_be()));
        let voted = match job.target.map(|target| target.errand) {
            Some(Errand::Recover) => account.voted_not_before(commitment).await?,
            _ => 0,
        };
        let now = ledger.head().await?.timestamp;
        let times = Times { mail: mail.view.timestamp, since: standing.since, now, voted };
        Ok(match bound(&times, config) {
            Ok(not_before) => Next::Prove(Box::new(Ready { salt, not_before })),
            Err(refused) => refused.into(),
        })
    }
}

/// What follows.
enum Next {
    End(Outcome),
    Prove(Box<Ready>),
}

struct Ready {
    salt: zkdkim_relation::Salt,
    not_before: u64,
}

impl From<Refused> for Next {
    fn from(refused: Refused) -> Next {
        Next::End(refused.into())
    }
}

type CheckOutcome = Result<Mail, (Refused, Option<Box<Provable>>)>;

async fn checked(message: Zeroizing<Vec<u8>>, registry: Arc<KeyRegistry>) -> Result<CheckOutcome> {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let work = move || check(&message, &registry, clock);
    let outcome = tokio::task::spawn_blocking(work).await;
    outcome.map_err(|e| Error::Ended { what: "checking", detail: e.to_string() })
}

fn not_waiting(target: &Target) -> Refused {
    let (reason, detail) = match target.errand {
        Errand::Accept => ("not-configured", "no recovery contract waits for this acceptance"),
        _ => ("round-not-open", "no recovery contract has a round of this number open"),
    };
    Refused::new(reason, detail, "ask for the Subject again and send a new mail")
}

/// All in seconds since 1970.
struct Times {
    /// `t=` of the mail; 0 where it has none.
    mail: u64,
    /// When the number in the Subject was drawn.
    since: u64,
    /// The chain's clock.
    now: u64,
    /// What the guardian's vote in this round shows; 0 where there is none.
    voted: u64,
}

/// The bound of the mail's time that the proof shows: one that everybody knows, where the contract takes it.
fn bound(times: &Times, config: &RecoveryConfig) -> Result<u64, Refused> {
    let Times { mail, since, now, voted } = *times;
    const NEW_MAIL: &str = "ask for the Subject again and send a new mail";
    if mail == 0 {
        return match config.undatedMail {
            0 => {
                let detail = "the provider signs no time, and the account takes only mail with one";
                let hint = "send from another guardian's mailbox";
                Err(Refused::new("undated-mail", detail, hint))
            }
            _ => Ok(0),
        };
    }
    let max_age = u64::from(config.maxMailAge);
    if mail < since.saturating_sub(CLOCK_TOLERANCE).max(now.saturating_sub(max_age)) {
        let detail = "the mail is older than the round, or than the account allows";
        return Err(Refused::new("mail-too-old", detail, NEW_MAIL));
    }
    let known = since.max(now.saturating_add(MARGIN).saturating_sub(max_age)).min(mail);
    match voted {
        _ if voted == 0 || known > voted => Ok(known),
        // A later vote has to show that it is later.
        _ if mail > voted => Ok(mail),
        _ => {
            let detail = "a mail of this guardian that is as late has counted in this round";
            Err(Refused::new("mail-not-newer", detail, "to change the vote, send a new mail"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(max_mail_age: u32, undated: u8) -> RecoveryConfig {
        RecoveryConfig {
            verifier: Address::ZERO,
            setupAcknowledgement: Default::default(),
            registry: Address::ZERO,
            pinnedRoot: U256::ZERO,
            rootDelay: 0,
            threshold: 1,
            cancelThreshold: 1,
            votingPeriod: 86_400,
            delay: 3600,
            expiry: 864_000,
            maxMailAge: max_mail_age,
            undatedMail: undated,
            subjectForms: 0,
            guardians: vec![],
        }
    }

    fn shown(mail: u64, since: u64, now: u64, voted: u64) -> Result<u64, String> {
        let times = Times { mail, since, now, voted };
        bound(&times, &config(86_400, 0)).map_err(|refused| refused.reason)
    }

    #[test]
    fn a_proof_shows_no_more_of_the_time_than_everybody_knows() {
        let day = 86_400;
        assert_eq!(shown(20_000_500, 20_000_000, 20_001_000, 0), Ok(20_000_000), "the round's");
        assert_eq!(shown(19_999_900, 20_000_000, 20_001_000, 0), Ok(19_999_900), "a clock behind");
        let late = 20_000_000 + 2 * day;
        assert_eq!(shown(late - 60, 20_000_000, late, 0), Ok(late + MARGIN - day), "the age's");
    }

    #[test]
    fn a_changed_vote_shows_that_it_is_later() {
        assert_eq!(shown(20_000_500, 20_000_000, 20_001_000, 20_000_000), Ok(20_000_500));
        let same = shown(20_000_500, 20_000_000, 20_001_000, 20_000_500);
        assert_eq!(same, Err("mail-not-newer".into()));
    }

    #[test]
    fn mail_that_the_contract_would_refuse_is_not_proved() {
        let (since, now) = (20_000_000, 20_001_000);
        assert_eq!(shown(since - CLOCK_TOLERANCE, since, now, 0), Ok(since - CLOCK_TOLERANCE));
        let old = shown(since - CLOCK_TOLERANCE - 1, since, now, 0);
        assert_eq!(old, Err("mail-too-old".into()));
        let aged = shown(since + 10, since, since + 86_400 + 11, 0);
        assert_eq!(aged, Err("mail-too-old".into()));
        assert_eq!(shown(0, since, now, 0), Err("undated-mail".into()));
        let times = Times { mail: 0, since, now, voted: 0 };
        assert_eq!(bound(&times, &config(86_400, 1)), Ok(0));
    }
}
