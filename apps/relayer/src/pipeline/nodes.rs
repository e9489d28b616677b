//! Salts from the mailbox itself: the salt nodes open them for a mail whose Subject names a new key, once that key consents.
//!
//! ```text
//! checked ─► a one-time key is made and shown ─► the wallet's new key signs that answers are sealed to it
//!         ─► t nodes answer ─► the key of the address ─► the account's escrow events ─► its salt
//! ```
//!
//! The one-time key is kept with the job until the proof is made, so that a restart needs no other consent.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use alloy::primitives::Address;
use rand::rngs::OsRng;
use tracing::{info, warn};
use zkdkim_net::{Endpoint, Http, HttpSettings, PlainHttp, Rpc};
use zkdkim_relation::{inspect::Provable, owner::Owner, recovery_subject, Salt};
use zkdkim_salt::{
    request::{Consent, Request},
    Committee, CommitteeRecord, Dealer, Identity, MailAddress, OpeningKey,
};
use zkdkim_salt_client::{find, Outcome, SaltClient};

use super::salt::{Asked, SaltFault, SaltSource};
use crate::{
    config::{ChainConfig, NodesConfig},
    error::{Error, Result},
    job::{Refused, Target},
    store::{Opening, Store},
};

/// How long a wallet has to consent, in seconds; less than nodes allow.
const CONSENT_SECONDS: u64 = 24 * 3600;
/// Where a consent is missing, it wakes the job when it comes.
const CONSENT_POLL_SECONDS: i64 = 60;
const RETRY_SECONDS: i64 = 10;
const RECORD_LIMIT_BYTES: u64 = 1 << 16;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Asks salt nodes.
pub struct SaltNodes {
    store: Store,
    client: Arc<Mutex<SaltClient>>,
    chains: BTreeMap<u64, (Rpc, u64)>,
}

impl SaltNodes {
    /// Reads the committee's record and gets ready to ask its nodes, and the chains for escrows.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the record is not the one that is pinned, or of an insecure dealer that nobody allowed.
    pub fn open(
        store: Store,
        config: &NodesConfig,
        chains: &BTreeMap<String, ChainConfig>,
    ) -> Result<SaltNodes> {
        let place = config.record.display().to_string();
        let wrong = |detail: String, hint: &str| Error::config(&place, detail, hint);
        let bytes =
            zkdkim_store::files::read_bounded(&config.record, "a record", RECORD_LIMIT_BYTES)?;
        let dealer = match config.allow_insecure_dealer {
            true => Dealer::AllowedInsecurely,
            false => Dealer::Refused,
        };
        let record = CommitteeRecord::read(&bytes, dealer).map_err(|error| {
            wrong(error.to_string(), "take the record that the committee's operators published")
        })?;
        let digest = hex::encode(record.committee().digest());
        if config.digest.trim_start_matches("0x") != digest {
            let hint = "compare it with what the operators published, and write it into `digest`";
            return Err(wrong(
                format!("its digest is 0x{digest}, another than the pinned one"),
                hint,
            ));
        }
        let net = |error: zkdkim_net::Error| wrong(error.to_string(), "check the URLs");
        let http = Http::new(&HttpSettings { timeout: TIMEOUT, ..HttpSettings::default() })
            .map_err(net)?;
        let mut rpcs = BTreeMap::new();
        for (name, chain) in chains {
            // The operator wrote it; what it says is checked again by the contract.
            let endpoint =
                Endpoint::parse(&chain.rpc, PlainHttp::AllowedInsecurely).map_err(net)?;
            rpcs.insert(
                ChainConfig::id(name)?,
                (Rpc::new(http.clone(), endpoint), chain.escrows_from),
            );
        }
        let client = SaltClient::new(http, record)
            .map_err(|error| wrong(error.to_string(), "ask the committee's operators"))?;
        Ok(SaltNodes { store, client: Arc::new(Mutex::new(client)), chains: rpcs })
    }

    fn client(&self) -> SaltClient {
        self.client.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The job's one-time key, made where there is none, and the consent to it, once it is there.
    async fn opening(&self, job: &str, network: &str) -> Result<Opening> {
        if let Some(opening) = self.store.opening(job).await? {
            return Ok(opening);
        }
        let until = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
            + CONSENT_SECONDS;
        let key = OpeningKey::random(&mut OsRng);
        self.store.offer(job, &key.expose(), until, network).await?;
        // Another worker may have been first.
        self.store
            .opening(job)
            .await?
            .ok_or_else(|| Error::Stored { detail: format!("{job} has no one-time key") })
    }
}

#[async_trait::async_trait]
impl SaltSource for SaltNodes {
    async fn salt(&self, asked: &Asked<'_>) -> Result<Salt, SaltFault> {
        let target = match asked.job.target {
            // Only an address can say so by a signature that nodes can check.
            Some(target) if matches!(target.new_owner, Some(Owner::Key(_))) => target,
            _ => {
                return Err(SaltFault::Refused(Refused::new(
                    "no-salt",
                    "salt nodes open a salt only for a vote whose new owner is an address, which says to whom",
                    "prove this mail where the salt is, and hand in the proof",
                )));
            }
        };
        let client = self.client();
        let network = client.committee().network.to_string();
        let opening = self.opening(&asked.job.id, &network).await?;
        let Some(signature) = opening.consent else {
            info!(job = asked.job.id, "waits for the new key's consent");
            return Err(SaltFault::Later(CONSENT_POLL_SECONDS));
        };
        let key = OpeningKey::from_bytes(&opening.key)
            .map_err(|_| Error::Stored { detail: "a one-time key that is none".into() })?;
        let consent = Consent { seal_to: key.sealing_key(), until: opening.until, signature };
        let Some((rpc, from)) = self.chains.get(&target.chain).cloned() else {
            return Err(SaltFault::Later(RETRY_SECONDS));
        };
        let (mail, guardians) = (asked.mail.clone(), asked.guardians.to_vec());
        let job = asked.job.clone();
        let work = move || {
            let key_of = Opener { client, key, consent };
            let asked = Asked { job: &job, mail: &mail, guardians: &guardians };
            key_of.open(&asked, &target, &rpc, from)
        };
        let found = tokio::task::spawn_blocking(work).await;
        let found =
            found.map_err(|e| Error::Ended { what: "asking salt nodes", detail: e.to_string() })?;
        if let Err(SaltFault::Later(_)) = &found {
            self.follow().await;
        }
        found
    }
}

impl SaltNodes {
    /// The committee may have passed its key on to another.
    async fn follow(&self) {
        let mut client = self.client();
        let followed =
            tokio::task::spawn_blocking(move || client.follow().map(|steps| (steps, client)));
        if let Ok(Ok((steps, client))) = followed.await {
            if steps > 0 {
                info!(steps, "the committee's record was followed");
                *self.client.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = client;
            }
        }
    }
}

/// One question to the nodes; it blocks.
struct Opener {
    client: SaltClient,
    key: OpeningKey,
    consent: Consent,
}

impl Opener {
    fn open(
        &self,
        asked: &Asked<'_>,
        target: &Target,
        rpc: &Rpc,
        from: u64,
    ) -> Result<Salt, SaltFault> {
        let committee = self.client.committee();
        let Some(identity) = identity(committee, asked.mail) else {
            let detail = "no salt can be encrypted to this address";
            return Err(SaltFault::Refused(Refused::new("no-salt", detail, "hand in a proof")));
        };
        let request = Request::new(committee, asked.mail, Some(self.consent.clone()));
        let opened = match self.client.identity_key(&request, &identity, &self.key, &mut OsRng) {
            Ok(opened) => opened,
            Err(error) => return Err(fault(&error)),
        };
        for node in &opened.nodes {
            if matches!(node.outcome, Outcome::Lied(_)) {
                warn!(node = node.index.get(), "a salt node lied");
                metrics::counter!("relayer_salt_nodes_lied_total").increment(1);
            }
        }
        let later = |_| SaltFault::Later(RETRY_SECONDS);
        let last = rpc.latest_block().map_err(later)?.number;
        let (contract, account) = (plain(target.contract), plain(target.account));
        let scan = find(rpc, &contract, Some(&account), from..=last, &identity, &opened.key)
            .map_err(|_| SaltFault::Later(RETRY_SECONDS))?;
        let salts = scan.found.into_iter().map(|found| found.salt);
        // Anybody can encrypt any salt to anybody; the commitment says which is right.
        salts.into_iter().find(|salt| asked.fits(salt)).ok_or_else(|| {
            SaltFault::Refused(Refused::new(
                "no-escrow",
                "the account has published no salt with which this mailbox is its guardian",
                "send from the address that the owner named; where no salt was published, hand in a proof",
            ))
        })
    }
}

fn identity(committee: &Committee, mail: &Provable) -> Option<Identity> {
    let address = MailAddress::parse(std::str::from_utf8(&mail.view.address).ok()?).ok()?;
    Some(Identity::new(&committee.network, &committee.master, &address))
}

fn fault(error: &zkdkim_salt_client::Error) -> SaltFault {
    match error.final_refusal() {
        Some(refusal) => SaltFault::Refused(Refused::new(
            // Its name goes into logs and metrics, so it is none that a node makes up.
            &format!("salt-{}", refusal.known_id().unwrap_or("refused")),
            format!("the salt nodes refuse: {}", refusal.detail),
            "docs/escrow.md says what each refusal means",
        )),
        None => {
            warn!(error = error.id(), nodes = said_by_nodes(error), "too few salt nodes answered");
            metrics::counter!("relayer_salt_nodes_failed_total").increment(1);
            SaltFault::Later(RETRY_SECONDS)
        }
    }
}

/// What each node did, in known words: those of its own might quote the mail.
fn said_by_nodes(error: &zkdkim_salt_client::Error) -> String {
    let zkdkim_salt_client::Error::TooFew { nodes, .. } = error else { return String::new() };
    let said = nodes.iter().map(|node| {
        let word = match &node.outcome {
            Outcome::Refused(refusal) => refusal.known_id().unwrap_or("refused"),
            outcome => outcome.word(),
        };
        format!("{} {word}", node.index)
    });
    said.collect::<Vec<_>>().join(", ")
}

fn plain(address: Address) -> recovery_subject::Address {
    recovery_subject::Address(address.into_array())
}

/// One source, and another where that has no salt for a mailbox.
pub struct Either {
    /// Asked first.
    pub first: Box<dyn SaltSource>,
    /// Asked where the first refuses.
    pub second: Box<dyn SaltSource>,
}

#[async_trait::async_trait]
impl SaltSource for Either {
    async fn salt(&self, asked: &Asked<'_>) -> Result<Salt, SaltFault> {
        match self.first.salt(asked).await {
            Err(SaltFault::Refused(_)) => self.second.salt(asked).await,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use zkdkim_salt::NodeIndex;
    use zkdkim_salt_client::{api::Refusal, Error as NodesError, NodeReport};

    use super::*;

    fn refusals(ids: [&str; 3]) -> NodesError {
        let nodes = ids.iter().zip(1..).map(|(id, index)| NodeReport {
            index: NodeIndex::new(index).unwrap(),
            origin: "https://salt.example".into(),
            outcome: Outcome::Refused(Refusal {
                id: (*id).into(),
                detail: "of ann@example.org".into(),
                retry_seconds: None,
            }),
        });
        NodesError::TooFew { gave: 0, threshold: 2, nodes: nodes.collect() }
    }

    #[test]
    fn words_that_a_node_makes_up_get_into_no_log_and_no_metric() {
        let error = refusals(["ann@example.org", "stale", "busy"]);
        assert_eq!(said_by_nodes(&error), "1 refused, 2 stale, 3 busy");
        let SaltFault::Refused(refused) = fault(&error) else { panic!("two of three are final") };
        assert_eq!(refused.reason, "salt-refused");
        let SaltFault::Refused(refused) = fault(&refusals(["stale"; 3])) else { panic!("final") };
        assert_eq!(refused.reason, "salt-stale");
        assert!(matches!(fault(&refusals(["busy"; 3])), SaltFault::Later(_)));
    }
}
