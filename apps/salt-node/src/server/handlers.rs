//! Paths: what is asked of a node, and how it is counted. No line and no metric holds an address, of a mailbox or of a client.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::{to_bytes, Body},
    extract::{Path, State},
    http::{header, HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
    Extension, Json, Router,
};
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use rand::rngs::OsRng;
use tokio::{sync::Semaphore, time::timeout};
use tracing::{error, info};
use zkdkim_salt::{
    node::SaltNode,
    request::{Refused, MAX_SEALED_REQUEST_BYTES},
};
use zkdkim_salt_client::api::{self, Refusal};

use super::Prepared;
use crate::{chains::RpcChains, clock::now, config::Config, provider_keys::NodeKeysOfProviders};

/// For the body of a request, which is a few kilobytes.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a client that comes at a bad time is told to wait, in seconds.
const BUSY_SECONDS: u64 = 2;

/// Committee records by epoch, as they are sent.
pub type Records = BTreeMap<u32, Vec<u8>>;

/// Who is connected.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// What all requests share.
pub struct Service {
    node: SaltNode,
    records: Records,
    chains: RpcChains,
    keys: NodeKeysOfProviders,
    proxies: BTreeSet<IpAddr>,
    places: Arc<Semaphore>,
    metrics: PrometheusHandle,
}

impl Service {
    /// A service, with its metrics.
    pub fn new(prepared: Prepared, config: &Config) -> Service {
        let Prepared { node, records, chains, keys } = prepared;
        let recorder = PrometheusBuilder::new().build_recorder();
        let metrics = recorder.handle();
        // One that is there already stays.
        let _ = metrics::set_global_recorder(recorder);
        gauge!("zkdkim_salt_epoch").set(f64::from(node.record().committee().epoch));
        let places = Arc::new(Semaphore::new(config.limits.concurrent));
        let proxies = config.trusted_proxies.clone();
        Service { node, records, chains, keys, proxies, places, metrics }
    }

    /// Looks after the registry. Blocks.
    pub fn refresh(&self) {
        self.keys.refresh(&self.chains);
        self.metrics.run_upkeep();
    }

    /// What tells clients apart: the address of the peer, or what a trusted proxy says; of IPv6, the network.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Vec<u8> {
        let mut client = peer.to_canonical();
        let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
        let hops: Vec<IpAddr> = forwarded
            .flat_map(|value| value.split(','))
            .filter_map(|hop| hop.trim().parse::<IpAddr>().ok())
            .collect();
        // From the nearest hop on, as long as those who say so are trusted.
        for hop in hops.iter().rev() {
            if !self.proxies.contains(&client) {
                break;
            }
            client = hop.to_canonical();
        }
        match client {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets()[..8].to_vec(),
        }
    }
}

/// What everybody may ask.
pub fn public(service: Arc<Service>) -> Router {
    Router::new()
        .route(api::RELEASE, post(release))
        .route(api::RECORD, get(record))
        .route(&format!("{}{{epoch}}", api::RECORDS), get(record_of))
        .route("/healthz", get(health))
        .with_state(service)
}

/// What the operator may ask.
pub fn operators(service: Arc<Service>) -> Router {
    Router::new()
        .route("/metrics", get(metrics_text))
        .route("/healthz", get(health))
        .with_state(service)
}

async fn health() -> &'static str {
    "ok\n"
}

async fn metrics_text(State(service): State<Arc<Service>>) -> Response {
    let media_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (media_type, service.metrics.render()).into_response()
}

async fn record(State(service): State<Arc<Service>>) -> Response {
    let epoch = service.node.record().committee().epoch;
    known_record(&service, epoch)
}

async fn record_of(State(service): State<Arc<Service>>, Path(epoch): Path<u32>) -> Response {
    known_record(&service, epoch)
}

fn known_record(service: &Service, epoch: u32) -> Response {
    match service.records.get(&epoch) {
        Some(record) => ([(header::CONTENT_TYPE, api::BYTES)], record.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn release(
    State(service): State<Arc<Service>>,
    Extension(Peer(peer)): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let started = Instant::now();
    let answer = answer(&service, peer, &headers, body).await;
    let (outcome, response) = match answer {
        Ok(answer) => ("answered".to_owned(), sealed(answer)),
        Err((status, refusal)) => (refusal.id.clone(), refuse(status, refusal)),
    };
    let seconds = started.elapsed().as_secs_f64();
    histogram!("zkdkim_salt_request_seconds").record(seconds);
    counter!("zkdkim_salt_requests_total", "outcome" => outcome.clone()).increment(1);
    info!(outcome, milliseconds = (seconds * 1000.0) as u64, "request");
    response
}

async fn answer(
    service: &Arc<Service>,
    peer: IpAddr,
    headers: &HeaderMap,
    body: Body,
) -> Result<Vec<u8>, (StatusCode, Refusal)> {
    // Nobody waits in a line that may not move: chains and resolvers can be slow.
    let Ok(place) = service.places.clone().try_acquire_owned() else {
        return Err(busy());
    };
    let body = match timeout(PATIENCE, to_bytes(body, MAX_SEALED_REQUEST_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Err(no_request("it is too long, or it breaks off")),
        Err(_) => return Err(no_request("it does not come to an end")),
    };
    let client = service.client(peer, headers);
    let worker = service.clone();
    let handled = tokio::task::spawn_blocking(move || {
        // The place is taken until the work is done, also where the client goes away.
        let _place = place;
        let Service { node, chains, keys, .. } = &*worker;
        node.handle(&body, &client, now(), chains, keys.at_present(), &mut OsRng)
    });
    match handled.await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(refused)) => Err(told(&refused)),
        Err(_) => {
            error!("a request ended without an answer");
            Err(busy())
        }
    }
}

fn told(refused: &Refused) -> (StatusCode, Refusal) {
    let retry_seconds = match refused {
        Refused::Limit { retry_seconds, .. } => Some(*retry_seconds),
        Refused::Unavailable(_) => Some(BUSY_SECONDS),
        _ => None,
    };
    let status = match refused {
        Refused::Request(_) => StatusCode::BAD_REQUEST,
        Refused::Network { .. } | Refused::Epoch { .. } => StatusCode::CONFLICT,
        Refused::Limit { .. } => StatusCode::TOO_MANY_REQUESTS,
        Refused::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    (status, Refusal { id: refused.id().into(), detail: refused.to_string(), retry_seconds })
}

fn no_request(detail: &str) -> (StatusCode, Refusal) {
    let detail = format!("not a request to this node: {detail}");
    (StatusCode::BAD_REQUEST, Refusal { id: "request".into(), detail, retry_seconds: None })
}

fn busy() -> (StatusCode, Refusal) {
    let detail = "the node has too much to do: try again, or ask another node".into();
    let refusal = Refusal { id: "busy".into(), detail, retry_seconds: Some(BUSY_SECONDS) };
    (StatusCode::SERVICE_UNAVAILABLE, refusal)
}

fn sealed(answer: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, api::BYTES)], answer).into_response()
}

fn refuse(status: StatusCode, refusal: Refusal) -> Response {
    let retry = refusal.retry_seconds;
    let mut response = (status, Json(refusal)).into_response();
    if let Some(seconds) = retry {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
