//! The HTTP door: a wallet asks for a Subject, hands in mails and proofs, and looks at what became of them.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use alloy::primitives::{Address, Bytes as Octets};
use axum::{
    body::Bytes,
    extract::{ConnectInfo, DefaultBodyLimit, Path, Request, State as Extracted},
    http::{header::CACHE_CONTROL, HeaderMap, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
    Json, Router,
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tower_http::timeout::TimeoutLayer;
use zkdkim_prover::Proof;
use zkdkim_relation::owner::Owner;
use zkdkim_salt::request::{Consent, MAX_CONSENT_SIGNATURE_BYTES};

use super::{
    api::{
        Ask, ConsentWanted, Consents, Document, HandedIn, JobStatus, Problem, Served, Service,
        Status, Taken, WebhookOf,
    },
    notices, page, Desk,
};
use crate::{
    chain::{abi, accepts_signature, AccountState, Standing},
    error::Error,
    job::{Errand, Job, Refused, Target},
    pipeline::{Chain, Proving},
    store::{Arrival, Hook, Ticket, Wanted, Wish},
    webhook::{self, Reach},
};

const TIMEOUT: Duration = Duration::from_secs(30);

/// What the door serves with.
#[derive(Clone)]
pub struct Door {
    /// Where things are put.
    pub desk: Desk,
    /// By EIP-155 identifier.
    pub chains: Arc<BTreeMap<u64, Chain>>,
    /// Verifies what others proved.
    pub proving: Proving,
    /// The address that guardians write to.
    pub send_to: String,
    /// Whether owners are told when a recovery starts.
    pub notices: bool,
    /// Which URLs wallets may have called; none where they may not.
    pub webhooks: Option<Reach>,
    limiter: Arc<DefaultKeyedRateLimiter<IpAddr>>,
    behind_proxy: bool,
}

impl Door {
    /// Puts a door together; `requests_a_minute` is for one client.
    pub fn new(
        desk: Desk,
        chains: Arc<BTreeMap<u64, Chain>>,
        proving: Proving,
        send_to: String,
        requests_a_minute: NonZeroU32,
        behind_proxy: bool,
    ) -> Door {
        let limiter = Arc::new(RateLimiter::keyed(Quota::per_minute(requests_a_minute)));
        Door {
            desk,
            chains,
            proving,
            send_to,
            notices: false,
            webhooks: None,
            limiter,
            behind_proxy,
        }
    }

    /// Forgets clients that asked for nothing lately, so that memory stays bounded.
    pub fn forget_clients(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }

    /// All routes.
    pub fn router(self) -> Router {
        let limit = self.desk.max_mail_bytes;
        Router::new()
            .route("/v1", get(service))
            .route("/v1/requests", post(ask))
            .route("/v1/requests/{id}", get(status))
            .route("/v1/requests/{id}/consents", post(consent))
            .route("/v1/mails", post(mail))
            .route("/v1/proofs", post(proof))
            .route("/v1/notices", post(notices::notify))
            .route_layer(middleware::from_fn_with_state(self.clone(), limited))
            .route("/", get(page::page))
            .route("/openapi.json", get(document))
            .layer(DefaultBodyLimit::max(limit))
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, TIMEOUT))
            .with_state(self)
    }

    async fn wish(&self, ask: &Ask) -> Result<(Wish, Address, Standing), Failure> {
        let errand = Errand::from(ask.action);
        let (contract, standing) = self.find(ask.chain, ask.account, errand).await?;
        let new_owner = self.new_owner(errand, ask.new_key, ask.new_owner.as_ref()).await?;
        let wish = Wish { chain: ask.chain, account: ask.account, errand, new_owner };
        Ok((wish, contract, standing))
    }

    /// Who is called at a URL.
    fn hook(&self, url: &str) -> Result<Hook, Failure> {
        let hint = "name a URL of https that leads to a public address, or leave it out";
        let unusable = |detail| Failure::unusable("webhook", detail, hint);
        let reach = self.webhooks.ok_or_else(|| unusable("this relayer calls nobody"))?;
        webhook::url(url, reach).map_err(unusable)?;
        Ok(Hook::new(url))
    }

    /// Whom a vote is for; kept where it is more than an address.
    async fn new_owner(
        &self,
        errand: Errand,
        key: Option<Address>,
        owner: Option<&Octets>,
    ) -> Result<Option<Owner>, Failure> {
        let bytes = match (errand, key, owner) {
            (Errand::Recover, Some(key), None) => abi::owner(key),
            (Errand::Recover, None, Some(owner)) => owner.clone(),
            (Errand::Recover, ..) => {
                let hint = "give new_key, or new_owner where it is more than an address";
                return Err(Failure::unusable("new-key", "a vote names one owner", hint));
            }
            (_, None, None) => return Ok(None),
            _ => {
                let hint = "leave new_key and new_owner out";
                return Err(Failure::unusable("new-key", "only a vote names an owner", hint));
            }
        };
        let unusable = |detail: String| {
            Failure::unusable("new-key", detail, "give what the account shall be owned by")
        };
        let owner = Owner::from_bytes(&bytes).map_err(unusable)?;
        if bytes.len() == 20 && bytes.iter().all(|byte| *byte == 0) {
            return Err(unusable("the zero address owns nothing".into()));
        }
        self.desk.store.keep_owner(owner, &bytes).await?;
        Ok(Some(owner))
    }

    /// The jobs that a ticket gives access to.
    async fn jobs(&self, ticket: &Ticket) -> Result<Vec<Job>, Failure> {
        let store = &self.desk.store;
        match ticket {
            Ticket::Job(job) => Ok(vec![store.job(job).await?.ok_or_else(unknown)?]),
            Ticket::Wish(wish) => Ok(store.jobs_of(wish).await?),
        }
    }

    /// Whether a job's new key made a signature, as the salt nodes will judge it: anybody may ask for the wish of another, and
    /// must not spoil its job by a signature that the nodes refuse.
    async fn is_of_new_key(
        &self,
        job: &Job,
        wanted: &Wanted,
        signature: &Octets,
    ) -> Result<bool, Failure> {
        let (Some(target), Some((network, seal_to))) = (job.target, wanted.recipient()) else {
            return Ok(false);
        };
        let Some(Owner::Key(new_key)) = target.new_owner else { return Ok(false) };
        if !(1..=MAX_CONSENT_SIGNATURE_BYTES).contains(&signature.len()) {
            return Ok(false);
        }
        let consent = Consent { seal_to, until: wanted.until, signature: signature.to_vec() };
        let hash = consent.hash(&network, &wanted.header_digest);
        if consent.signer(&hash).is_some_and(|signer| signer == new_key) {
            return Ok(true);
        }
        let Some(chain) = self.chains.get(&target.chain) else { return Ok(false) };
        let new_key = Address::from(new_key.0);
        Ok(accepts_signature(&*chain.ledger, new_key, hash, signature.clone()).await?)
    }

    /// The contract that an account is configured at, and the number that mails must name.
    pub(super) async fn find(
        &self,
        chain: u64,
        account: Address,
        errand: Errand,
    ) -> Result<(Address, Standing), Failure> {
        let served = self.chains.get(&chain).ok_or_else(|| {
            let served: Vec<_> = self.chains.keys().map(u64::to_string).collect();
            let detail = format!("chain {chain} is not served here");
            Failure::unusable("chain", detail, format!("this relayer serves {}", served.join(", ")))
        })?;
        for &contract in &served.contracts {
            let state = AccountState::new(&*served.ledger, contract, account);
            // Every configured account has a number of its configuration.
            if state.standing(Errand::Accept).await?.is_some_and(|setup| setup.nonce != 0) {
                let standing =
                    state.standing(errand).await?.unwrap_or(Standing { nonce: 0, since: 0 });
                return Ok((contract, standing));
            }
        }
        let detail = "the account has no recovery at a contract that is served here";
        Err(Failure::unusable("not-configured", detail, "check account and chain"))
    }
}

fn unknown() -> Failure {
    let hint = "it is 32 digits, and forgotten some time after the outcome";
    Failure::new(StatusCode::NOT_FOUND, "unknown", "there is no such request", hint)
}

/// Why a request failed.
pub(super) struct Failure(StatusCode, Problem);

impl Failure {
    fn new(
        code: StatusCode,
        reason: &str,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Failure {
        Failure(code, Problem { reason: reason.into(), detail: detail.into(), hint: hint.into() })
    }

    pub(super) fn unusable(
        reason: &str,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Failure {
        Failure::new(StatusCode::UNPROCESSABLE_ENTITY, reason, detail, hint)
    }

    fn full() -> Failure {
        let detail = "more is waiting than can be worked on";
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail, "try again in a minute")
    }
}

impl From<Error> for Failure {
    /// What is wrong with the machine is for its operator.
    fn from(error: Error) -> Failure {
        tracing::warn!(error = error.id(), %error, "a request failed");
        let detail = "the relayer can't do it now";
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, error.id(), detail, "try again in a minute")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

async fn limited(
    Extracted(door): Extracted<Door>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let client = client(&door, peer.ip(), request.headers());
    if door.limiter.check_key(&client).is_err() {
        metrics::counter!("relayer_limited_total").increment(1);
        let detail = "too many requests from this client";
        return Failure::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate",
            detail,
            "try again in a minute",
        )
        .into_response();
    }
    let mut response = next.run(request).await;
    let no_store = axum::http::HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}

/// Whom a limit is for. An IPv6 client has a whole network of 64 bits.
fn client(door: &Door, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let forwarded = || {
        let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        last.rsplit(',').next()?.trim().parse().ok()
    };
    let client = door.behind_proxy.then(forwarded).flatten().unwrap_or(peer);
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// What this relayer serves.
#[utoipa::path(get, path = "/v1", responses((status = 200, body = Service)))]
pub(super) async fn service(Extracted(door): Extracted<Door>) -> Json<Service> {
    let served = |(chain, served): (&u64, &Chain)| Served {
        chain: *chain,
        contracts: served.contracts.clone(),
    };
    Json(Service {
        version: env!("CARGO_PKG_VERSION"),
        send_to: door.send_to.clone(),
        max_mail_bytes: door.desk.max_mail_bytes,
        srs: door.proving.srs().stem().to_string(),
        chains: door.chains.iter().map(served).collect(),
    })
}

/// Asks for the Subject of a mail, and for a round to be opened where a vote needs one.
#[utoipa::path(post, path = "/v1/requests", request_body = Ask, responses(
    (status = 201, body = Taken), (status = 422, body = Problem), (status = 429, body = Problem),
    (status = 503, body = Problem)))]
pub(super) async fn ask(
    Extracted(door): Extracted<Door>,
    Json(ask): Json<Ask>,
) -> Result<(StatusCode, Json<Taken>), Failure> {
    let (wish, contract, standing) = door.wish(&ask).await?;
    let hook = ask.webhook.as_deref().map(|url| door.hook(url)).transpose()?;
    if let Some(hook) = &hook {
        if !door.desk.store.hook(hook, &wish).await? {
            let hint = "leave it out and ask what became of the request";
            let detail = "the account has as many webhooks as are allowed";
            return Err(Failure::unusable("webhook", detail, hint));
        }
    }
    if standing.nonce == 0 {
        if wish.errand == Errand::Cancel {
            let detail = "no round is open, so no recovery waits";
            return Err(Failure::unusable("no-recovery-pending", detail, "nothing is left to do"));
        }
        if !door.desk.has_room().await? {
            return Err(Failure::full());
        }
        let (chain, account) = (wish.chain, wish.account);
        let errand = Errand::OpenRound;
        let target = Target { errand, chain, contract, account, nonce: 0, new_owner: None };
        door.desk.take(Arrival::Errand(&target), "http").await?;
    }
    let id = door.desk.store.issue(&Ticket::Wish(wish)).await?;
    Ok((StatusCode::CREATED, Json(Taken { id, webhook: hook.as_ref().map(WebhookOf::from) })))
}

/// What became of a request, a mail or a proof.
#[utoipa::path(get, path = "/v1/requests/{id}", params(("id" = String, Path, description = "As it was given")),
    responses((status = 200, body = Status), (status = 404, body = Problem), (status = 429, body = Problem),
    (status = 503, body = Problem)))]
pub(super) async fn status(
    Extracted(door): Extracted<Door>,
    Path(id): Path<String>,
) -> Result<Json<Status>, Failure> {
    let ticket = door.desk.store.ticket(&id).await?.ok_or_else(unknown)?;
    let jobs = door.jobs(&ticket).await?;
    let (of_sender, subject) = match ticket {
        Ticket::Job(_) => (true, None),
        Ticket::Wish(wish) => {
            let Wish { chain, account, errand, new_owner } = wish;
            let (contract, standing) = door.find(chain, account, errand).await?;
            let nonce = standing.nonce;
            let target = Target { errand, chain, contract, account, nonce, new_owner };
            let subject = target.subject().filter(|_| nonce != 0);
            (false, subject)
        }
    };
    let mailto = subject.as_ref().map(|subject| {
        // Letters, digits and spaces: nothing else needs to be encoded (RFC 6068).
        format!("mailto:{}?subject={}", door.send_to, subject.replace(' ', "%20"))
    });
    let mut shown = Vec::new();
    for job in &jobs {
        let wanted = door.desk.store.wanted(&job.id).await?;
        let consent = wanted.as_ref().and_then(ConsentWanted::of);
        shown.push(JobStatus { consent, ..JobStatus::of(job, of_sender) });
    }
    Ok(Json(Status {
        state: Status::summary(&jobs),
        subject,
        send_to: door.send_to.clone(),
        mailto,
        jobs: shown,
    }))
}

/// Hands in the signature of the new key, so that salt nodes open the salt of a mail.
#[utoipa::path(post, path = "/v1/requests/{id}/consents", request_body = Consents,
    params(("id" = String, Path, description = "As it was given")), responses(
    (status = 204), (status = 404, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem),
    (status = 503, body = Problem)))]
pub(super) async fn consent(
    Extracted(door): Extracted<Door>,
    Path(id): Path<String>,
    Json(consents): Json<Consents>,
) -> Result<StatusCode, Failure> {
    let ticket = door.desk.store.ticket(&id).await?.ok_or_else(unknown)?;
    for job in door.jobs(&ticket).await? {
        let Some(wanted) = door.desk.store.wanted(&job.id).await? else { continue };
        if ConsentWanted::of(&wanted).is_none_or(|asked| asked.mail != consents.mail) {
            continue;
        }
        if !door.is_of_new_key(&job, &wanted, &consents.signature).await? {
            let detail = "the signature is not one of the new key on this text";
            return Err(Failure::unusable("consent", detail, "sign the text by personal_sign"));
        }
        if door.desk.store.consent(&job.id, &consents.signature).await? {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    let detail = "no consent to this mail is waited for";
    Err(Failure::unusable("no-consent-wanted", detail, "look at the request again"))
}

/// Hands in a mail, the whole file as it was received.
#[utoipa::path(post, path = "/v1/mails", request_body(content = Vec<u8>, content_type = "message/rfc822"), responses(
    (status = 202, body = Taken), (status = 413), (status = 422, body = Problem), (status = 429, body = Problem),
    (status = 503, body = Problem)))]
pub(super) async fn mail(
    Extracted(door): Extracted<Door>,
    mail: Bytes,
) -> Result<(StatusCode, Json<Taken>), Failure> {
    if let Some(Refused { reason, detail, hint }) = door.desk.look(&mail, None).await? {
        return Err(Failure::unusable(&reason, detail, hint));
    }
    if !door.desk.has_room().await? {
        return Err(Failure::full());
    }
    let received = door.desk.take(Arrival::Mail(&mail), "http").await?;
    ticket(&door, received.job).await
}

/// Hands in a proof that was made elsewhere, by whoever has the salt.
#[utoipa::path(post, path = "/v1/proofs", request_body = HandedIn, responses(
    (status = 202, body = Taken), (status = 422, body = Problem), (status = 429, body = Problem),
    (status = 503, body = Problem)))]
pub(super) async fn proof(
    Extracted(door): Extracted<Door>,
    Json(handed_in): Json<HandedIn>,
) -> Result<(StatusCode, Json<Taken>), Failure> {
    let HandedIn { chain, account, action, new_key, new_owner, proof } = handed_in;
    let errand = Errand::from(action);
    let refused = |error: &dyn std::fmt::Display| {
        Failure::unusable("invalid-proof", error.to_string(), "make it with this relayer's version")
    };
    let proof = Proof::from_json(proof.get().as_bytes()).map_err(|error| refused(&error))?;
    let proven = match door.proving.verify(proof).await {
        Ok(proven) => proven,
        Err(Error::Prover(error)) => return Err(refused(&error)),
        Err(error) => return Err(error.into()),
    };
    let (contract, standing) = door.find(chain, account, errand).await?;
    let new_owner = door.new_owner(errand, new_key, new_owner.as_ref()).await?;
    let target = Target { errand, chain, contract, account, nonce: standing.nonce, new_owner };
    if !door.desk.has_room().await? {
        return Err(Failure::full());
    }
    let received = door.desk.take(Arrival::Proof(&target, &proven), "http").await?;
    ticket(&door, received.job).await
}

async fn ticket(door: &Door, job: String) -> Result<(StatusCode, Json<Taken>), Failure> {
    let id = door.desk.store.issue(&Ticket::Job(job)).await?;
    Ok((StatusCode::ACCEPTED, Json(Taken { id, webhook: None })))
}

async fn document() -> impl IntoResponse {
    ([(axum::http::header::CONTENT_TYPE, "application/json")], Document::json())
}
