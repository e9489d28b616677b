//! Asking the nodes of a committee, all at once, and believing none of them.

use std::{fmt, sync::mpsc, thread};

use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;
use zkdkim_net::{Endpoint, Http, PlainHttp, Reply};
use zkdkim_salt::{
    request::{Release, Request},
    Committee, CommitteeRecord, Dealer, Identity, IdentityKey, NodeIndex, OpeningKey, PartialKey,
};

use crate::{
    api::{self, Refusal},
    error::{Error, Result},
};

/// What a node did.
#[derive(Clone)]
#[non_exhaustive]
pub enum Outcome {
    /// Gave its part, and it is right.
    Gave,
    /// Gave a wrong part, with its signature: the statement shows it to anybody who knows the identity. Secret no longer
    /// than the mail is.
    Lied(Zeroizing<Vec<u8>>),
    /// Refused, and said why.
    Refused(Refusal),
    /// Answered with something else than an answer of this node to this request, or somebody on the way did.
    Garbled(String),
    /// Did not answer.
    Silent(String),
    /// Was not waited for: others were enough.
    NotWaitedFor,
}

impl Outcome {
    /// The outcome in one word.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Gave => "gave",
            Outcome::Lied(_) => "lied",
            Outcome::Refused(_) => "refused",
            Outcome::Garbled(_) => "garbled",
            Outcome::Silent(_) => "silent",
            Outcome::NotWaitedFor => "not-waited-for",
        }
    }
}

/// A node, and what it did.
#[derive(Clone)]
pub struct NodeReport {
    /// Its number in the committee.
    pub index: NodeIndex,
    /// Scheme, host and port.
    pub origin: String,
    /// What it did.
    pub outcome: Outcome,
}

impl fmt::Display for NodeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {} ({}) ", self.index, self.origin)?;
        match &self.outcome {
            Outcome::Gave => f.write_str("gave its part"),
            Outcome::Lied(_) => f.write_str("lied: it signed a part that is not its own"),
            Outcome::Refused(refusal) => write!(f, "refused: {}: {}", refusal.id, refusal.detail),
            Outcome::Garbled(detail) => write!(f, "gave no answer that counts: {detail}"),
            Outcome::Silent(detail) => write!(f, "is silent: {detail}"),
            Outcome::NotWaitedFor => f.write_str("was not waited for"),
        }
    }
}

impl fmt::Debug for NodeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeReport({self})")
    }
}

/// The key of an address, and who helped.
#[derive(Debug)]
pub struct Opened {
    /// Opens every escrow to the address.
    pub key: IdentityKey,
    /// What each node did, in the order of the record.
    pub nodes: Vec<NodeReport>,
}

/// A client of one committee.
#[derive(Clone, Debug)]
pub struct SaltClient {
    http: Http,
    record: CommitteeRecord,
    nodes: Vec<(NodeIndex, Endpoint)>,
}

impl SaltClient {
    /// A client of the committee of a record, which the caller has pinned. `http` sets how long a node may take.
    ///
    /// # Errors
    ///
    /// [`Error::Net`] where a node's URL can't be asked. Without TLS, only nodes of an insecure dealer are.
    pub fn new(http: Http, record: CommitteeRecord) -> Result<SaltClient> {
        let plain = match record.committee().is_insecure() {
            true => PlainHttp::AllowedInsecurely,
            false => PlainHttp::Refused,
        };
        let endpoint = |node: &zkdkim_salt::Node| {
            let endpoint = Endpoint::parse(&node.member.url, plain)?;
            Ok((node.member.index, endpoint))
        };
        let nodes = record.committee().nodes.iter().map(endpoint).collect::<Result<_>>()?;
        Ok(SaltClient { http, record, nodes })
    }

    /// The record that it goes by.
    pub fn record(&self) -> &CommitteeRecord {
        &self.record
    }

    /// What the record says.
    pub fn committee(&self) -> &Committee {
        self.record.committee()
    }

    /// Shows a request to all nodes and makes the key of its address out of the first t parts that are right. `opening` is
    /// the key that the mail, or the new key's consent, names.
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`] with what each node did; [`Error::Salt`] where the request is too long.
    pub fn identity_key(
        &self,
        request: &Request,
        identity: &Identity,
        opening: &OpeningKey,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Opened> {
        let mut sealed = Vec::with_capacity(self.nodes.len());
        for (index, _) in &self.nodes {
            sealed.push(request.seal(self.committee(), *index, rng)?);
        }
        let threshold = usize::from(self.committee().threshold);
        let mut parts = Vec::new();
        let nodes = self.ask_all(api::MAX_ANSWER_BYTES, sealed, |index, reply| {
            let outcome = match self.read_answer(reply, request, identity, index, opening) {
                Ok(part) => {
                    parts.push(part);
                    Outcome::Gave
                }
                Err(outcome) => outcome,
            };
            (outcome, parts.len() >= threshold)
        });
        if parts.len() < threshold {
            return Err(Error::TooFew { gave: parts.len(), threshold, nodes });
        }
        let key = IdentityKey::combine(self.committee(), identity, &parts)?.key;
        Ok(Opened { key, nodes })
    }

    fn read_answer(
        &self,
        reply: Reply,
        request: &Request,
        identity: &Identity,
        index: NodeIndex,
        opening: &OpeningKey,
    ) -> Result<PartialKey, Outcome> {
        if reply.status != 200 {
            return Err(refusal(&reply));
        }
        let release = Release::open(&reply.body, request, self.committee(), index, opening)
            .map_err(|error| Outcome::Garbled(error.to_string()))?;
        let node = self.committee().node(index);
        match node.is_some_and(|node| release.part.verify(identity, &node.key)) {
            true => Ok(release.part),
            false => Err(Outcome::Lied(release.statement)),
        }
    }

    /// Follows the committee to its present epoch: asks the nodes for the record of the next one, checks that it follows,
    /// and goes on until none has a later one. The number of epochs that it went.
    ///
    /// # Errors
    ///
    /// [`Error::Net`] where a new node's URL can't be asked. That nobody answers is no error: then nothing changes.
    pub fn follow(&mut self) -> Result<u32> {
        let mut steps = 0;
        while let Some(next) = self.next_record() {
            *self = SaltClient::new(self.http.clone(), next)?;
            steps += 1;
        }
        Ok(steps)
    }

    /// The record of the next epoch, from whichever node has one that follows.
    fn next_record(&self) -> Option<CommitteeRecord> {
        let epoch = self.committee().epoch.checked_add(1)?;
        let dealer = match self.committee().is_insecure() {
            true => Dealer::AllowedInsecurely,
            false => Dealer::Refused,
        };
        let path = format!("{}{epoch}", api::RECORDS);
        self.nodes.iter().find_map(|(_, endpoint)| {
            let reply = self.http.get(&endpoint.join(&path), api::MAX_RECORD_BYTES).ok()?;
            let record = (reply.status == 200).then(|| CommitteeRecord::read(&reply.body, dealer));
            record?.ok().filter(|record| record.follows(&self.record).is_ok())
        })
    }

    /// Posts to all nodes, each its own body, and hands over each answer until `take` says that it is enough.
    fn ask_all(
        &self,
        limit: usize,
        bodies: Vec<Vec<u8>>,
        mut take: impl FnMut(NodeIndex, Reply) -> (Outcome, bool),
    ) -> Vec<NodeReport> {
        let (sender, answers) = mpsc::channel();
        for (at, ((_, endpoint), body)) in self.nodes.iter().zip(bodies).enumerate() {
            let (http, to, sender) =
                (self.http.clone(), endpoint.join(api::RELEASE), sender.clone());
            // Nobody may be listening any more.
            thread::spawn(move || drop(sender.send((at, http.post(&to, api::BYTES, body, limit)))));
        }
        drop(sender);
        let report = |(index, endpoint): &(NodeIndex, Endpoint)| NodeReport {
            index: *index,
            origin: endpoint.origin(),
            outcome: Outcome::NotWaitedFor,
        };
        let mut reports: Vec<_> = self.nodes.iter().map(report).collect();
        for (at, answer) in answers {
            let (outcome, enough) = match answer {
                Ok(reply) => take(self.nodes[at].0, reply),
                Err(zkdkim_net::Error::Unreachable { detail, .. }) => {
                    (Outcome::Silent(detail), false)
                }
                Err(error) => (Outcome::Garbled(error.to_string()), false),
            };
            reports[at].outcome = outcome;
            if enough {
                break;
            }
        }
        reports
    }
}

/// A refusal, if it is one; its texts shortened, as anybody on the way may have written them.
fn refusal(reply: &Reply) -> Outcome {
    const MAX_CHARS: usize = 300;
    let short = |text: String| -> String {
        text.chars().filter(|c| !c.is_control()).take(MAX_CHARS).collect()
    };
    match serde_json::from_slice::<Refusal>(&reply.body) {
        Ok(Refusal { id, detail, retry_seconds }) => {
            Outcome::Refused(Refusal { id: short(id), detail: short(detail), retry_seconds })
        }
        Err(_) => Outcome::Garbled(format!("status {} and no refusal", reply.status)),
    }
}
