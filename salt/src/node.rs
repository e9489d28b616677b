//! A node without its network and files: requests in, answers out.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use crate::{
    bytes::{Kind, Reader, Writer},
    committee::CommitteeRecord,
    error::{Error, Result},
    identity::Identity,
    keys::KeyShare,
    limits::{LimitSettings, Limits, Replies},
    request::{Chains, Gate, ProviderKeys, Refused, Release, Request, MAX_SEALED_REQUEST_BYTES},
    seal::OpeningKey,
    sign::SigningKey,
};

/// Answers are kept so long, in seconds: as long as the block of a Subject is fresh.
const REPLY_SECONDS: u64 = 2 * 3600;
/// Answers that are kept: some 300 bytes each.
const REPLIES: usize = 1 << 14;

/// The long-term keys of a node: who it is. Its share is another file, and changes with each epoch.
#[derive(Clone, Debug)]
pub struct NodeKeys {
    /// Opens requests and shares.
    pub opening: OpeningKey,
    /// Signs records, messages of ceremonies, answers.
    pub signing: SigningKey,
}

impl NodeKeys {
    /// New keys.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> NodeKeys {
        NodeKeys { opening: OpeningKey::random(rng), signing: SigningKey::random(rng) }
    }

    /// The form in which they are kept; secret.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new(Kind::NodeKeys, 80);
        writer.fixed(&*self.opening.expose()).fixed(&*self.signing.expose()).secret()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`] for anything else; it quotes nothing.
    pub fn from_bytes(bytes: &[u8]) -> Result<NodeKeys> {
        let mut reader = Reader::new(Kind::NodeKeys, bytes)?;
        let opening = OpeningKey::from_bytes(&Zeroizing::new(reader.fixed()?))?;
        let signing = SigningKey::from_bytes(&Zeroizing::new(reader.fixed()?));
        reader.end().map(|()| NodeKeys { opening, signing })
    }
}

/// A node of a committee.
pub struct SaltNode {
    record: CommitteeRecord,
    share: KeyShare,
    keys: NodeKeys,
    limits: Mutex<Limits>,
    replies: Mutex<Replies>,
}

impl SaltNode {
    /// A node, once its share and its keys are those that the record has.
    ///
    /// # Errors
    ///
    /// [`Error::Share`] where they are not.
    pub fn new(
        record: CommitteeRecord,
        share: KeyShare,
        keys: NodeKeys,
        settings: LimitSettings,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<SaltNode> {
        share.check(record.committee())?;
        let index = share.index();
        let refuse = |detail| Err(Error::Share { index, detail });
        match record.committee().node(index) {
            Some(node) if node.member.sealing != keys.opening.sealing_key() => {
                return refuse("the node's key that opens requests is not the record's")
            }
            Some(node) if node.member.verifying != keys.signing.verifying_key() => {
                return refuse("the node's key of signatures is not the record's")
            }
            _ => {}
        }
        let mut key = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *key);
        let limits = Mutex::new(Limits::new(settings, *key));
        let replies = Mutex::new(Replies::new(REPLIES, REPLY_SECONDS));
        Ok(SaltNode { record, share, keys, limits, replies })
    }

    /// The record of its committee.
    pub fn record(&self) -> &CommitteeRecord {
        &self.record
    }

    /// Its share, which tells index and epoch.
    pub fn share(&self) -> &KeyShare {
        &self.share
    }

    /// Answers a request, or says why not. `client` is whatever tells clients apart, `now` seconds since 1970. The same
    /// request gets the same answer, for two hours.
    ///
    /// # Errors
    ///
    /// [`Refused`], by the first check that fails.
    pub fn handle(
        &self,
        sealed: &[u8],
        client: &[u8],
        now: u64,
        chains: &dyn Chains,
        keys: &dyn ProviderKeys,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<u8>, Refused> {
        if sealed.len() > MAX_SEALED_REQUEST_BYTES {
            let detail = "it is too long";
            return Err(Refused::Request(Error::Encoding { what: "a request", detail }));
        }
        lock(&self.limits).take_client(client, now)?;
        let committee = self.record.committee();
        let index = self.share.index();
        let request = Request::open(sealed, committee, index, &self.keys.opening);
        let request = request.map_err(Refused::Request)?;
        let digest = request.digest();
        if let Some(answer) = lock(&self.replies).get(&digest, now) {
            return Ok(answer);
        }
        let granted = Gate { committee, chains, keys }.check(&request, &self.limits, now)?;
        let identity = Identity::new(&committee.network, &committee.master, &granted.address);
        let part = self.share.partial_key(&identity);
        let (signing, seal_to) = (&self.keys.signing, &granted.seal_to);
        let answer = Release::seal(&digest, committee.epoch, &part, signing, seal_to, rng)
            .map_err(|_| Refused::Recipient("nothing can be sealed to its key"))?;
        // Two threads may have answered the same request: the first answer stays.
        let mut replies = lock(&self.replies);
        if let Some(first) = replies.get(&digest, now) {
            return Ok(first);
        }
        replies.put(&digest, answer.clone(), now);
        Ok(answer)
    }
}

/// A panic elsewhere leaves counters and answers behind, no more: they may be used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for SaltNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SaltNode({:?})", self.share)
    }
}
