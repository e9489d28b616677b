//! What the HTTP door takes and gives, as its OpenAPI document describes it.

use alloy::primitives::{Address, Bytes};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use zkdkim_salt::request::Consent;

use super::{furthest, http, notices};
use crate::{
    job::{Errand, Job, State},
    store::{Hook, Wanted},
    webhook,
};

/// What a mail shall do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A guardian accepts.
    Accept,
    /// A guardian votes for a new key.
    Recover,
    /// A guardian votes to cancel the recovery that waits.
    Cancel,
}

impl From<Action> for Errand {
    fn from(action: Action) -> Errand {
        match action {
            Action::Accept => Errand::Accept,
            Action::Recover => Errand::Recover,
            Action::Cancel => Errand::Cancel,
        }
    }
}

/// A wallet asks for a Subject.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// EIP-155 identifier of the chain.
    pub chain: u64,
    /// The account.
    #[schema(value_type = String, example = "0x00112233445566778899aabbccddeeff00112233")]
    pub account: Address,
    /// What the mail shall do.
    pub action: Action,
    /// The key that the account shall have; for `recover` alone.
    #[schema(value_type = Option<String>)]
    pub new_key: Option<Address>,
    /// In its place, an owner of more than an address, such as an ERC-7913 signer's bytes: 0x and hexadecimal digits of up to
    /// 1,024 bytes. Its Subject has only their keccak256.
    #[schema(value_type = Option<String>)]
    pub new_owner: Option<Bytes>,
    /// A URL of https that is called whenever one of the request's jobs moves; docs/integrators.md says how.
    pub webhook: Option<String>,
}

/// A proof that was made elsewhere.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandedIn {
    /// EIP-155 identifier of the chain.
    pub chain: u64,
    /// The account.
    #[schema(value_type = String)]
    pub account: Address,
    /// What the mail says.
    pub action: Action,
    /// The key that it votes for; for `recover` alone.
    #[schema(value_type = Option<String>)]
    pub new_key: Option<Address>,
    /// In its place, an owner of more than an address: 0x and hexadecimal digits.
    #[schema(value_type = Option<String>)]
    pub new_owner: Option<Bytes>,
    /// The proof file that `zkdkim prove` wrote.
    #[schema(value_type = Object)]
    pub proof: Box<serde_json::value::RawValue>,
}

/// Whom to tell when a recovery of an account starts.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// EIP-155 identifier of the chain.
    pub chain: u64,
    /// The account.
    #[schema(value_type = String)]
    pub account: Address,
    /// Up to three mail addresses, in place of those before; none to be told no more.
    pub addresses: Vec<String>,
    /// When it was signed, in seconds since 1970: in the last hour, and later than what was signed before.
    pub at: i64,
    /// The account's signature on the text of docs/integrators.md: 0x and hexadecimal digits.
    #[schema(value_type = String)]
    pub signature: Bytes,
}

/// Something was taken in.
#[derive(Clone, Serialize, ToSchema)]
pub struct Taken {
    /// Gives access to what becomes of it. Nobody else has it; it is 32 hexadecimal digits.
    pub id: String,
    /// Where a webhook was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookOf>,
}

/// A webhook that was made.
#[derive(Clone, Serialize, ToSchema)]
pub struct WebhookOf {
    /// What its calls name.
    pub id: String,
    /// What they are signed with, `whsec_` and Base64; shown once.
    pub secret: String,
}

impl From<&Hook> for WebhookOf {
    fn from(hook: &Hook) -> WebhookOf {
        WebhookOf { id: hook.id.clone(), secret: webhook::spelt(&hook.secret) }
    }
}

/// What became of a request.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Status {
    /// How far the furthest of its mails is; `waiting` where none has come.
    #[schema(example = "proving")]
    pub state: &'static str,
    /// The Subject that counts now, the whole of it; none while a round is being opened, or where no Subject was asked for.
    pub subject: Option<String>,
    /// To whom to send it.
    pub send_to: String,
    /// A link that opens a mail program.
    pub mailto: Option<String>,
    /// Its mails, the latest first, and what the relayer does for them.
    pub jobs: Vec<JobStatus>,
}

/// What became of a mail, a proof, or something that needs none.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JobStatus {
    /// What it does: `accept`, `recover`, `cancel`, `open-round` or `execute`; none until its mail was read.
    pub action: Option<&'static str>,
    /// `received`, `checked`, `salt`, `proving`, `proved`, `sent`, `final` or `refused`.
    pub state: &'static str,
    /// Why it was refused: a stable name.
    pub reason: Option<String>,
    /// The same in words; shown to whoever handed in the mail itself.
    pub detail: Option<String>,
    /// What would help.
    pub hint: Option<String>,
    /// From when on the recovery that it started can be executed, in seconds since 1970.
    pub executable_from: Option<i64>,
    /// Seconds since it came.
    pub age_seconds: i64,
    /// What the new key has to sign, so that salt nodes open the salt for this relayer.
    pub consent: Option<ConsentWanted>,
}

/// What the new key has to sign, by EIP-191 (`personal_sign`) or, where it is a contract, ERC-1271.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConsentWanted {
    /// SHA-256 of the mail's signed header block, 0x and 64 digits; by which the consent is handed in.
    pub mail: String,
    /// The text.
    pub text: String,
}

/// A new key consents.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Consents {
    /// The `mail` of what was wanted.
    pub mail: String,
    /// The signature: 0x and hexadecimal digits.
    #[schema(value_type = String)]
    pub signature: Bytes,
}

impl ConsentWanted {
    /// The text to sign for a job; none where the store holds no key.
    pub fn of(wanted: &Wanted) -> Option<ConsentWanted> {
        let (network, seal_to) = wanted.recipient()?;
        let text = Consent::text(&network, &wanted.header_digest, &seal_to, wanted.until);
        Some(ConsentWanted { mail: format!("0x{}", hex::encode(wanted.header_digest)), text })
    }
}

impl JobStatus {
    /// What may be shown of a job. Details may quote the mail, so they are for its sender alone.
    pub fn of(job: &Job, of_sender: bool) -> JobStatus {
        let refused = job.refused.as_ref();
        JobStatus {
            action: job.target.map(|target| target.errand.name()),
            state: job.state.name(),
            reason: refused.map(|refused| refused.reason.clone()),
            detail: refused.filter(|_| of_sender).map(|refused| refused.detail.clone()),
            hint: refused.map(|refused| refused.hint.clone()).filter(|hint| !hint.is_empty()),
            executable_from: job.executable_from,
            age_seconds: job.age,
            consent: None,
        }
    }
}

impl Status {
    /// The state in one word: of the mails, not of what serves them.
    pub fn summary(jobs: &[Job]) -> &'static str {
        let served = |job: &&Job| {
            let errand = job.target.map(|target| target.errand);
            !matches!(errand, Some(Errand::OpenRound | Errand::Execute))
        };
        furthest(jobs.iter().filter(served).map(|job| job.state)).map_or("waiting", State::name)
    }
}

/// What this relayer serves.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Service {
    /// Its version.
    pub version: &'static str,
    /// To whom mails are sent.
    pub send_to: String,
    /// Longest mail, in bytes.
    pub max_mail_bytes: usize,
    /// `ceremony`, or that the proofs rest on an SRS with a known secret.
    pub srs: String,
    /// The chains.
    pub chains: Vec<Served>,
}

/// A chain that is served.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Served {
    /// EIP-155 identifier.
    pub chain: u64,
    /// The recovery contracts.
    #[schema(value_type = Vec<String>)]
    pub contracts: Vec<Address>,
}

/// Why something was not taken in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A stable name, in kebab case.
    pub reason: String,
    /// The same in words.
    pub detail: String,
    /// What would help.
    pub hint: String,
}

/// The document of the HTTP door.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "zkdkim relayer",
        description = "Takes mails of guardians, proves them, and sends what recovery contracts ask for. \
                       A wallet needs three calls: ask for a Subject, look at what became of it, and consent that salt \
                       nodes open the salt.",
        license(name = "MIT OR Apache-2.0")
    ),
    paths(
        http::service,
        http::ask,
        http::status,
        http::consent,
        http::mail,
        http::proof,
        notices::notify
    ),
    components(schemas(
        Ask,
        Action,
        HandedIn,
        Taken,
        WebhookOf,
        Status,
        JobStatus,
        ConsentWanted,
        Consents,
        Notify,
        Service,
        Served,
        Problem
    ))
)]
pub struct Document;

impl Document {
    /// The document as indented JSON.
    pub fn json() -> String {
        Document::openapi().to_pretty_json().unwrap_or_default()
    }
}
