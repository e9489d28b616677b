//! What a node checks before it gives its part, in this order, cheap things first; each refusal has its own name.
//!
//! | # | check | refusal |
//! | --- | --- | --- |
//! | 1 | size, encoding | `request` |
//! | 2 | network, epoch | `network`, `epoch` |
//! | 3 | every rule of the relation that the header block shows | that rule's id |
//! | 4 | the whole Subject is one of two forms | `subject-form` |
//! | 5 | the recipient of the answer is bound to the mail | `recipient`, `expired` |
//! | 6 | freshness | `stale`, `future` |
//! | 7 | limits | `limit` |
//! | 8 | the provider's key | `provider-key` |
//! | 9 | RSA | `rsa-signature` |
//!
//! What can't be asked at the moment is `unavailable`, and may be tried again.

use num_bigint::BigUint;
use sha2::{Digest, Sha256};
use zkdkim_relation::{
    dkim::{signature_fields, Signature, SignatureField},
    header,
    key_record::KeyRecord,
    message::Message,
    recovery_subject::{Action, Address, Command},
    refusal::{Part, Place},
    rsa, DnsRecords, KeyRegistry, Refusal, Rule,
};

use super::{Request, SaltSubject, SubjectForm, MAX_CONSENT_SECONDS};
use crate::{
    committee::Committee, error::Error, identity::MailAddress, limits::Limits, seal::SealingKey,
};

/// A mail's block may be so old, in seconds.
pub const MAX_BLOCK_AGE_SECONDS: u64 = 2 * 3600;
/// A signature with a time may be so old, in seconds.
pub const MAX_SIGNATURE_AGE_SECONDS: u64 = 48 * 3600;
/// Clocks may differ by so much, in seconds.
pub const MAX_CLOCK_DIFFERENCE_SECONDS: u64 = 300;

/// Why a request is refused. No text quotes the mail; the address is never in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Not a request that this node can open and read.
    #[error("not a request to this node: {0}")]
    Request(Error),
    /// Another network than the node's, in the request or in the Subject.
    #[error("this node is of network {ours}")]
    Network {
        /// The node's network.
        ours: String,
    },
    /// Another epoch than the node's: the committee has changed, or will.
    #[error("the committee is in epoch {ours}: ask the nodes of its record")]
    Epoch {
        /// The node's epoch.
        ours: u32,
    },
    /// A rule of the relation, so that a proof could not be made of the mail either.
    #[error("{}: {}", .0.rule, .0.rule.title())]
    Rule(Box<Refusal>),
    /// The Subject is neither of the two forms.
    #[error("the Subject opens no salt: {0}")]
    SubjectForm(&'static str),
    /// Nothing binds the key that the answer would be sealed to to the mail.
    #[error("the recipient of the answer is not bound to the mail: {0}")]
    Recipient(&'static str),
    /// The new key's consent, or the signature's `x=`, is past.
    #[error("{0} has expired: send a new mail")]
    Expired(&'static str),
    /// The mail is too old, or the Subject's nonce or block is not the present one.
    #[error("{0}: send a new mail")]
    Stale(&'static str),
    /// Something lies in the future.
    #[error("{0} lies in the future: check the clock")]
    Future(&'static str),
    /// More requests than allowed.
    #[error("too many requests {per}: try again in {retry_seconds} s")]
    Limit {
        /// Of whom: `of this client`, `for this address`, `for keys of this domain`.
        per: &'static str,
        /// When it is worth trying again.
        retry_seconds: u64,
    },
    /// The provider has no such key, as far as the node knows.
    #[error("no key of the mail's provider is known for this selector")]
    ProviderKey,
    /// A chain or a resolver can't be asked at the moment.
    #[error("{0} can't be asked at the moment: try again, or ask another node")]
    Unavailable(&'static str),
}

impl Refused {
    /// A stable identifier of the cause, in kebab case; for a rule of the relation, its own.
    pub fn id(&self) -> &'static str {
        match self {
            Refused::Request(_) => "request",
            Refused::Network { .. } => "network",
            Refused::Epoch { .. } => "epoch",
            Refused::Rule(refusal) => refusal.rule.id(),
            Refused::SubjectForm(_) => "subject-form",
            Refused::Recipient(_) => "recipient",
            Refused::Expired(_) => "expired",
            Refused::Stale(_) => "stale",
            Refused::Future(_) => "future",
            Refused::Limit { .. } => "limit",
            Refused::ProviderKey => "provider-key",
            Refused::Unavailable(_) => "unavailable",
        }
    }
}

/// Something that has to be asked did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

/// A block of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its hash.
    pub hash: [u8; 32],
    /// Seconds since 1970.
    pub time: u64,
}

/// What a node asks of chains.
pub trait Chains {
    /// A block of the canonical chain; none where there is no such chain or block.
    fn block(&self, chain: u64, number: u64) -> Result<Option<Block>, Unavailable>;
    /// Whether a round with this nonce is open for an account at a recovery contract (`roundOf`); false where there is no
    /// such chain, account or round.
    fn is_round_open(&self, chain: u128, account: Address, nonce: u64)
        -> Result<bool, Unavailable>;
    /// Whether an account that is a contract accepts a signature (ERC-1271); false where it is none.
    fn accepts_signature(
        &self,
        chain: u128,
        account: Address,
        hash: &[u8; 32],
        signature: &[u8],
    ) -> Result<bool, Unavailable>;
}

/// Why there is no key of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// There is none that may be used.
    Unknown,
    /// It can't be asked at the moment.
    Unavailable,
    /// Asking for keys of this domain is limited; worth trying again in so many seconds.
    Limit(u64),
}

/// Where providers' keys come from.
pub trait ProviderKeys {
    /// Moduli of 2,048 bits that a signature of this domain and selector may verify with; at least one.
    fn moduli(&self, domain: &str, selector: &str) -> Result<Vec<BigUint>, KeyFault>;

    /// More of them, from a source that is asked only where the signature verifies with none of [`Self::moduli`]; none by
    /// default.
    fn further_moduli(&self, _domain: &str, _selector: &str) -> Result<Vec<BigUint>, KeyFault> {
        Err(KeyFault::Unknown)
    }
}

/// A registry knows domains, and no selectors.
impl ProviderKeys for KeyRegistry {
    fn moduli(&self, domain: &str, _selector: &str) -> Result<Vec<BigUint>, KeyFault> {
        let keys: Vec<_> = self.keys_of(domain).cloned().collect();
        (!keys.is_empty()).then_some(keys).ok_or(KeyFault::Unknown)
    }
}

/// Records that are written down.
impl ProviderKeys for DnsRecords {
    fn moduli(&self, domain: &str, selector: &str) -> Result<Vec<BigUint>, KeyFault> {
        let name = zkdkim_relation::dkim::key_name(selector, domain);
        let usable = |text: &String| {
            let record = KeyRecord::parse(&name, text).ok()?;
            record.check_strength(&name).ok()?;
            Some(record.modulus)
        };
        let keys: Vec<_> = self.get(&name).iter().filter_map(usable).collect();
        (!keys.is_empty()).then_some(keys).ok_or(KeyFault::Unknown)
    }
}

/// More keys of one domain than this are not tried.
const MAX_KEYS: usize = 64;

/// What a node knows and asks when it looks at a request.
pub struct Gate<'a> {
    /// The node's committee.
    pub committee: &'a Committee,
    /// Chains.
    pub chains: &'a dyn Chains,
    /// Providers' keys.
    pub keys: &'a dyn ProviderKeys,
}

/// A request that passed all checks.
pub struct Granted {
    /// Whose key it is.
    pub address: MailAddress,
    /// Whom the answer is sealed to.
    pub seal_to: SealingKey,
}

/// What the signed header block says, as far as it matters here.
struct Mail {
    address: MailAddress,
    form: SubjectForm,
    signature: Signature,
}

impl Gate<'_> {
    /// All checks from the second on, in their order. `now` is seconds since 1970; `limits` is charged only where all
    /// others passed, so that nobody uses up an address without its signature.
    ///
    /// # Errors
    ///
    /// [`Refused`], by the first check that fails.
    pub fn check(
        &self,
        request: &Request,
        limits: &std::sync::Mutex<Limits>,
        now: u64,
    ) -> Result<Granted, Refused> {
        self.check_committee(request)?;
        let mail = read_mail(request)?;
        let seal_to = self.check_recipient(request, &mail.form, now)?;
        check_times(&mail.signature, now)?;
        match &mail.form {
            SubjectForm::Salt(subject) => self.check_block(subject, now)?,
            SubjectForm::Recover(command) => self.check_nonce(command)?,
        }
        let with_limits = |act: &dyn Fn(&mut Limits) -> Result<(), Refused>| {
            // A panic elsewhere leaves counters behind, no more: they may be used.
            act(&mut limits.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
        };
        with_limits(&|limits| limits.peek_address(&mail.address, now))?;
        self.check_signature(request, &mail.signature)?;
        with_limits(&|limits| limits.take_address(&mail.address, now))?;
        Ok(Granted { address: mail.address, seal_to })
    }

    fn check_committee(&self, request: &Request) -> Result<(), Refused> {
        self.check_network(&request.network)?;
        match request.epoch == self.committee.epoch {
            true => Ok(()),
            false => Err(Refused::Epoch { ours: self.committee.epoch }),
        }
    }

    fn check_network(&self, network: &crate::NetworkId) -> Result<(), Refused> {
        match *network == self.committee.network {
            true => Ok(()),
            false => Err(Refused::Network { ours: self.committee.network.to_string() }),
        }
    }

    fn check_recipient(
        &self,
        request: &Request,
        form: &SubjectForm,
        now: u64,
    ) -> Result<SealingKey, Refused> {
        match (form, &request.consent) {
            (SubjectForm::Salt(subject), None) => {
                self.check_network(&subject.network)?;
                Ok(subject.key.clone())
            }
            (SubjectForm::Salt(_), Some(_)) => {
                Err(Refused::Recipient("the Subject names the key; no other may"))
            }
            (SubjectForm::Recover(_), None) => {
                Err(Refused::Recipient("the new key has to sign to which key it is sealed"))
            }
            (SubjectForm::Recover(command), Some(consent)) => {
                if consent.until < now {
                    return Err(Refused::Expired("the new key's consent"));
                }
                if consent.until > now.saturating_add(MAX_CONSENT_SECONDS) {
                    return Err(Refused::Recipient("its consent reaches more than 48 hours ahead"));
                }
                let hash = consent.hash(&self.committee.network, &request.header_digest());
                // Forms without a new key do not get here.
                let Action::Recover(new_key) = command.action else {
                    return Err(Refused::Recipient("the Subject names no new key"));
                };
                if consent.signer(&hash) == Some(new_key) {
                    return Ok(consent.seal_to.clone());
                }
                let signature = &consent.signature;
                match self.chains.accepts_signature(command.chain, new_key, &hash, signature) {
                    Ok(true) => Ok(consent.seal_to.clone()),
                    Ok(false) => {
                        Err(Refused::Recipient("the consent is not signed by the new key"))
                    }
                    Err(Unavailable) => Err(Refused::Unavailable("the Subject's chain")),
                }
            }
        }
    }

    fn check_block(&self, subject: &SaltSubject, now: u64) -> Result<(), Refused> {
        let block = self.chains.block(subject.chain, subject.block);
        let block = block.map_err(|Unavailable| Refused::Unavailable("the Subject's chain"))?;
        match block {
            Some(block) if block.hash[..8] == subject.hash => {
                check_age(block.time, MAX_BLOCK_AGE_SECONDS, now, "the Subject's block")
            }
            _ => {
                Err(Refused::Stale("the Subject names no block of a chain that this node follows"))
            }
        }
    }

    fn check_nonce(&self, command: &Command) -> Result<(), Refused> {
        match self.chains.is_round_open(command.chain, command.account, command.nonce) {
            Ok(true) => Ok(()),
            Ok(false) => {
                Err(Refused::Stale("the Subject's nonce is not that of the round that is open"))
            }
            Err(Unavailable) => Err(Refused::Unavailable("the Subject's chain")),
        }
    }

    fn check_signature(&self, request: &Request, signature: &Signature) -> Result<(), Refused> {
        let Signature { domain, selector, .. } = signature;
        let first = verify_with(request, self.keys.moduli(domain, selector));
        let Err(refused @ (Refused::Rule(_) | Refused::ProviderKey)) = first else { return first };
        match verify_with(request, self.keys.further_moduli(domain, selector)) {
            // Nothing new: what the first source led to stands.
            Err(Refused::ProviderKey) => Err(refused),
            further => further,
        }
    }
}

fn verify_with(request: &Request, keys: Result<Vec<BigUint>, KeyFault>) -> Result<(), Refused> {
    let keys = keys.map_err(|fault| match fault {
        KeyFault::Unknown => Refused::ProviderKey,
        KeyFault::Unavailable => Refused::Unavailable("the provider's key"),
        KeyFault::Limit(retry_seconds) => {
            Refused::Limit { per: "for keys of this domain", retry_seconds }
        }
    })?;
    let digest: [u8; 32] = Sha256::digest(&*request.header).into();
    let mut value = BigUint::from_bytes_be(&*request.signature);
    let mut refusal = None;
    let fits = keys.iter().take(MAX_KEYS).any(|key| match rsa::verify(&digest, &value, key) {
        Ok(()) => true,
        Err(error) => {
            refusal.get_or_insert(error);
            false
        }
    });
    rsa::wipe(&mut value);
    match (fits, refusal) {
        (true, _) => Ok(()),
        (false, Some(refusal)) => Err(Refused::Rule(Box::new(refusal))),
        (false, None) => Err(Refused::ProviderKey),
    }
}

/// Rules 2.1 to 7.1 and those tags that only the tools look at, and the form of the Subject. The block is what the provider
/// signed: nothing of the mail outside it is known here, or matters.
fn read_mail(request: &Request) -> Result<Mail, Refused> {
    let refuse = |refusal: Refusal| Refused::Rule(Box::new(refusal));
    let view = header::parse(&request.header).map_err(refuse)?;
    let message = Message::parse_lenient(&[&request.header[..], b"\r\n\r\n"].concat());
    let missing = || {
        let place = Place::part(Part::SignedHeader);
        refuse(Refusal::new(Rule::SignatureFieldLast, place, "no signature field"))
    };
    let field = *signature_fields(&message).last().ok_or_else(missing)?;
    let field = SignatureField::read(&message, field).map_err(refuse)?;
    let signature =
        Signature::check(&message, &field).map_err(|faults| match faults.into_iter().next() {
            Some(fault) => refuse(fault),
            None => missing(),
        })?;
    // The grammar of the block is that of an address; both are of the relation.
    let address = std::str::from_utf8(&view.address).ok().and_then(|a| MailAddress::parse(a).ok());
    let address = address.ok_or_else(missing)?;
    let form = SubjectForm::parse(&view.subject).map_err(Refused::SubjectForm)?;
    Ok(Mail { address, form, signature })
}

fn check_times(signature: &Signature, now: u64) -> Result<(), Refused> {
    if let Some(expiry) = signature.expiry {
        if expiry.saturating_add(MAX_CLOCK_DIFFERENCE_SECONDS) < now {
            return Err(Refused::Expired("the mail's signature (x=)"));
        }
    }
    match signature.timestamp {
        None => Ok(()),
        Some(time) => check_age(time, MAX_SIGNATURE_AGE_SECONDS, now, "the mail's signature (t=)"),
    }
}

fn check_age(time: u64, max_age: u64, now: u64, what: &'static str) -> Result<(), Refused> {
    if time > now.saturating_add(MAX_CLOCK_DIFFERENCE_SECONDS) {
        return Err(Refused::Future(what));
    }
    if time.saturating_add(max_age).saturating_add(MAX_CLOCK_DIFFERENCE_SECONDS) < now {
        return Err(Refused::Stale("the mail is too old"));
    }
    Ok(())
}
