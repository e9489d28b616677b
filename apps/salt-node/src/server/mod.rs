//! The service: connections, requests, answers, a graceful end.
//!
//! ```text
//! listen     sockets: bounded connections, TLS, time for headers, the end
//! handlers   paths: release, records, health, metrics
//! ```

mod handlers;
mod listen;

use std::{future::Future, path::Path, sync::Arc, time::Duration};

use rand::rngs::OsRng;
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    signal::unix::{signal, SignalKind},
    sync::watch,
};
use tracing::{info, warn};
use zkdkim_net::{Http, HttpSettings};
use zkdkim_salt::node::SaltNode;

use crate::{
    chains::RpcChains,
    config::{Config, LogForm, Tls},
    error::{Fault, Result},
    files,
    home::Home,
    provider_keys::NodeKeysOfProviders,
};

/// Between two looks at the registry's file and root.
const REFRESH: Duration = Duration::from_secs(60);
/// How long requests that are being answered may take once the end was asked for.
const GRACE: Duration = Duration::from_secs(20);

/// A node with everything that it asks, checked as far as that goes without asking.
pub struct Prepared {
    /// The node.
    pub node: SaltNode,
    /// The records that it shows, by epoch.
    pub records: handlers::Records,
    /// Chains.
    pub chains: RpcChains,
    /// Providers' keys.
    pub keys: NodeKeysOfProviders,
}

/// Reads everything that the configuration names. Its clients block, so it does not run on a thread of the service.
pub fn prepare(config: &Config) -> Result<Prepared> {
    let home = Home::new(&config.home);
    let dealer = config.insecure.dealer();
    let (record, share) = home.current(dealer)?;
    let records = home.records(dealer)?;
    let records = records.iter().map(|(epoch, record)| (*epoch, record.to_bytes())).collect();
    let node = SaltNode::new(record, share, home.keys()?, config.limits.settings(), &mut OsRng)?;
    let extra_roots = match &config.extra_roots {
        None => Vec::new(),
        Some(path) => files::read(path, files::SMALL)?,
    };
    let timeout = Duration::from_secs(config.limits.timeout_seconds);
    let http = Http::new(&HttpSettings { timeout, extra_roots });
    let http = http.map_err(|error| Fault::config("extra_roots", error))?;
    let chains = RpcChains::new(&http, config.insecure.plain(), &config.chain)?;
    let keys = NodeKeysOfProviders::new(&http, config)?;
    Ok(Prepared { node, records, chains, keys })
}

/// Whether certificate and key can be read, and belong together.
pub fn check_tls(tls: &Tls) -> Result<()> {
    listen::tls(tls).map(drop)
}

/// Serves until it is told to end (SIGTERM, SIGINT).
pub fn serve(path: &Path) -> Result<()> {
    let config = Config::read(path)?;
    start_log(config.log);
    let prepared = prepare(&config)?;
    let (network, epoch, index) = {
        let committee = prepared.node.record().committee();
        (committee.network.to_string(), committee.epoch, prepared.node.share().index().get())
    };
    if prepared.node.record().committee().is_insecure() {
        warn!("the committee's key was made by one dealer, who can open every escrow: for development only");
    }
    for epoch in Home::new(&config.home).old_shares(epoch)? {
        warn!(
            epoch,
            "an old share is still there: erase it once the new committee serves (erase-shares)"
        );
    }
    let tls = config.tls.as_ref().map(listen::tls).transpose()?;
    let runtime =
        Runtime::new().map_err(|source| Fault::Listen { address: "a runtime".into(), source })?;
    let ended = runtime.block_on(async {
        let listener = bind(config.listen).await?;
        let metrics = match config.metrics {
            None => None,
            Some(address) => Some(bind(address).await?),
        };
        let (stop, stopped) = watch::channel(false);
        let service = Arc::new(handlers::Service::new(prepared, &config));
        // Tests and supervisors read the port from here.
        let address = listener.local_addr().map(|a| a.to_string()).unwrap_or_default();
        info!(network, epoch, index, address, tls = tls.is_some(), "serving");
        let mut tasks = vec![tokio::spawn(listen::run(
            listener,
            tls,
            config.limits.connections,
            handlers::public(service.clone()),
            stopped.clone(),
        ))];
        if let Some(metrics) = metrics {
            let address = metrics.local_addr().map(|a| a.to_string()).unwrap_or_default();
            info!(address, "metrics");
            let router = handlers::operators(service.clone());
            tasks.push(tokio::spawn(listen::run(metrics, None, 16, router, stopped.clone())));
        }
        let refresh = tokio::spawn(refresh(service));
        end_signal().await?;
        info!("ending: no new connections");
        let _ = stop.send(true);
        let all = async {
            for task in tasks {
                let _ = task.await;
            }
        };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            warn!("requests were still being answered");
        }
        refresh.abort();
        info!("ended");
        Ok(())
    });
    // Look-ups that nobody waits for any more end by themselves.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

async fn bind(address: std::net::SocketAddr) -> Result<TcpListener> {
    let fault = |source| Fault::Listen { address: address.to_string(), source };
    TcpListener::bind(address).await.map_err(fault)
}

fn end_signal() -> impl Future<Output = Result<()>> {
    let fault = |source| Fault::Listen { address: "signals".into(), source };
    async move {
        let mut terminate = signal(SignalKind::terminate()).map_err(fault)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(fault)?;
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
        }
    }
}

async fn refresh(service: Arc<handlers::Service>) {
    loop {
        let service = service.clone();
        let _ = tokio::task::spawn_blocking(move || service.refresh()).await;
        tokio::time::sleep(REFRESH).await;
    }
}

/// Lines of this program and of what warns below it; to standard error, without colours.
fn start_log(form: LogForm) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::new("warn,zkdkim_salt_node=info");
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match form {
        LogForm::Json => log.json().flatten_event(true).with_target(false).try_init(),
        LogForm::Text => log.with_ansi(false).with_target(false).try_init(),
    };
    // One that is there already stays.
    let _ = started;
}
