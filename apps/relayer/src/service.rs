//! The program as a whole: everything is opened and checked, then all parts run until one is told to stop.

use std::{
    collections::BTreeMap, net::SocketAddr, num::NonZeroU32, path::PathBuf, sync::Arc,
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::{info, warn};
use zkdkim_store::{files::default_cache_folder, KeyCache};

use crate::{
    answer::Answers,
    chain::{Ledger, Limits, Rpc, Submitter},
    config::{ChainConfig, Config, WebhooksConfig},
    door::{self, http::Door, imap, lmtp, Desk},
    error::{Error, Result},
    notice::{Notices, Watch},
    pipeline::{
        Chain, Either, KeySource, Proving, RegistryFile, SaltFolder, SaltNodes, SaltSource, Worker,
    },
    post::Post,
    store::{Hook, Store},
    watch as figures,
    webhook::Webhooks,
};

/// Workers beside those that prove: checking waits for nodes, not for cores.
const MORE_WORKERS: usize = 3;
const GRACE: Duration = Duration::from_secs(20);
/// Between two looks at a chain for recoveries that have started.
const LOOK: Duration = Duration::from_secs(10);
/// Webhooks that are called at a time: those that answer slowly keep up no others.
const CALLS_AT_A_TIME: usize = 8;
const TIDY: Duration = Duration::from_secs(600);

/// Everything that the configuration names, opened.
pub struct Service {
    config: Config,
    store: Store,
    proving: Proving,
    chains: Arc<BTreeMap<u64, Chain>>,
    submitters: Vec<Submitter<Rpc>>,
    keys: Arc<dyn KeySource>,
    salts: Arc<dyn SaltSource>,
    post: Option<Post>,
    hooks: Vec<Hook>,
    mailbox: Option<imap::Mailbox>,
}

impl Service {
    /// Opens database, keys, registry, salts and nodes, and checks that they belong together.
    ///
    /// # Errors
    ///
    /// [`Error::Config`], [`Error::Files`], [`Error::Database`] and [`Error::Node`], the first that is met.
    pub async fn open(config: Config) -> Result<Service> {
        // For TLS to nodes and databases; another part of the process may have chosen already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let keys = Arc::new(RegistryFile::open(config.registry.clone())?);
        let mut chains = BTreeMap::new();
        let mut senders = Vec::new();
        for (name, chain) in &config.chains {
            let id = ChainConfig::id(name)?;
            let signer = chain.signer()?;
            let rpc = Rpc::connect(id, &chain.rpc).await?;
            for contract in &chain.contracts {
                has_code(&rpc, *contract).await?;
            }
            senders.push((rpc.clone(), signer, limits(chain, &config)));
            let contracts = chain.contracts.clone();
            chains.insert(id, Chain { ledger: Arc::new(rpc), contracts });
        }
        let hooks = config.webhooks.as_ref().map(WebhooksConfig::hooks).transpose()?;
        let mailbox = config.imap.as_ref().map(imap::Mailbox::new).transpose()?;
        if let Some(mailbox) = &mailbox {
            mailbox.check().await?;
        }
        let post = config.answers.as_ref().map(Post::new).transpose()?;
        let proving = load(config.clone()).await?;
        let store = Store::open(&config.database).await?;
        let salts = salts(&config, &store).await?;
        let submitters = senders
            .into_iter()
            .map(|(rpc, signer, limits)| Submitter::new(store.clone(), rpc, signer, limits))
            .collect();
        let hooks = hooks.unwrap_or_default();
        Ok(Service {
            config,
            mailbox,
            hooks,
            store,
            proving,
            chains: Arc::new(chains),
            submitters,
            keys,
            salts,
            post,
        })
    }

    /// Runs until `stop` says so. The addresses of the doors are logged when they are open.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where a door can't be opened; otherwise why a part ended that never does.
    pub async fn run(self, stop: watch::Receiver<bool>) -> Result<()> {
        let poll = Duration::from_secs_f64(self.config.limits.poll_seconds);
        let recorder = figures::recorder()?;
        let mut parts = JoinSet::new();
        let desk = Desk {
            store: self.store.clone(),
            keys: self.keys.clone(),
            max_queue: self.config.limits.queue.into(),
            max_mail_bytes: self.config.limits.mail_bytes,
        };
        self.doors(&mut parts, &desk, &stop).await?;
        if let Some(admin) = &self.config.admin {
            let listener = listen(admin.listen, "admin").await?;
            let router = figures::router(self.store.clone(), recorder);
            let stop = stop.clone();
            parts.spawn(async move {
                door::serve(listener, router, stop).await;
                Ok(())
            });
        }
        let worker = Worker {
            store: self.store.clone(),
            chains: self.chains.clone(),
            keys: self.keys.clone(),
            salts: self.salts.clone(),
            proving: self.proving.clone(),
            poll,
            patience_seconds: i64::from(self.config.limits.patience_hours) * 3600,
            answers: self.config.answers.is_some(),
        };
        for _ in 0..self.config.proving.at_a_time + MORE_WORKERS {
            let (worker, stop) = (worker.clone(), stop.clone());
            parts.spawn(async move {
                worker.run(stop).await;
                Ok(())
            });
        }
        for submitter in self.submitters {
            parts.spawn(submit(submitter, poll, stop.clone()));
        }
        if let Some(post) = self.post {
            let answers = Answers::new(self.store.clone(), post.clone());
            parts.spawn(repeat(poll, stop.clone(), "answer", async move || {
                answers.answer_one().await
            }));
            if let Some(notices) = &self.config.notices {
                for (name, config) in &self.config.chains {
                    let Some(chain) = self.chains.get(&ChainConfig::id(name)?).cloned() else {
                        continue;
                    };
                    let (store, confirmations) = (self.store.clone(), config.confirmations);
                    let watch = Watch::new(store, chain, confirmations, notices.blocks);
                    let look = async move || watch.look().await;
                    parts.spawn(repeat(LOOK.max(poll), stop.clone(), "watch", look));
                }
                let mail_to = self.config.http.mail_to.clone();
                let notices = Notices { store: self.store.clone(), post, mail_to };
                let send = async move || notices.send_one().await;
                parts.spawn(repeat(poll, stop.clone(), "notice", send));
            }
        }
        self.store.hook_operator(&self.hooks).await?;
        if let Some(config) = &self.config.webhooks {
            let webhooks = Webhooks::new(self.store.clone(), config.reach())?;
            for _ in 0..CALLS_AT_A_TIME {
                let webhooks = webhooks.clone();
                let call = async move || webhooks.call_one().await;
                parts.spawn(repeat(poll, stop.clone(), "webhook", call));
            }
        }
        let days = i64::from(self.config.limits.remember_days);
        parts.spawn(tidy(self.store.clone(), days * 86_400, stop.clone()));
        info!("ready");
        end(parts, stop).await?;
        self.store.close().await;
        Ok(())
    }

    async fn doors(
        &self,
        parts: &mut JoinSet<Result<()>>,
        desk: &Desk,
        stop: &watch::Receiver<bool>,
    ) -> Result<()> {
        let http = &self.config.http;
        let a_minute = self.config.limits.requests_a_minute;
        let mut door = Door::new(
            desk.clone(),
            self.chains.clone(),
            self.proving.clone(),
            http.mail_to.clone(),
            NonZeroU32::new(a_minute).unwrap_or(NonZeroU32::MIN),
            http.behind_proxy,
        );
        let webhooks = self.config.webhooks.as_ref().filter(|webhooks| webhooks.requests);
        door.webhooks = webhooks.map(WebhooksConfig::reach);
        door.notices = self.config.notices.is_some();
        let listener = listen(http.listen, "http").await?;
        let (forgetting, mut stopping) = (door.clone(), stop.clone());
        parts.spawn(async move {
            while !*stopping.borrow() {
                tokio::select! {
                    () = sleep(Duration::from_secs(60)) => forgetting.forget_clients(),
                    _ = stopping.changed() => {}
                }
            }
            Ok(())
        });
        let stopping = stop.clone();
        parts.spawn(async move {
            door::serve(listener, door.router(), stopping).await;
            Ok(())
        });
        if let Some(lmtp) = &self.config.lmtp {
            let listener = listen(lmtp.listen, "lmtp").await?;
            parts.spawn(lmtp::serve(listener, desk.clone(), stop.clone()));
        }
        if let Some(mailbox) = &self.mailbox {
            parts.spawn(imap::serve(mailbox.clone(), desk.clone(), stop.clone()));
        }
        Ok(())
    }
}

/// Ends all parts when told to, or when one of them ends.
async fn end(mut parts: JoinSet<Result<()>>, mut stop: watch::Receiver<bool>) -> Result<()> {
    let told = stop.clone();
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        Some(ended) = parts.join_next() => {
            let detail = match ended {
                Ok(Ok(())) if *told.borrow() => String::new(),
                Ok(Ok(())) => "without a reason".into(),
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            if !detail.is_empty() {
                return Err(Error::Ended { what: "a part of the service", detail });
            }
        }
    }
    info!("stopping");
    let all = async { while parts.join_next().await.is_some() {} };
    if timeout(GRACE, all).await.is_err() {
        warn!("some parts did not stop in time; their leases run out");
    }
    Ok(())
}

async fn listen(address: SocketAddr, door: &'static str) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(Error::io(format!("open the {door} door at {address}")))?;
    let address = listener.local_addr().map_err(Error::io("ask for a port"))?;
    info!(door, %address, "open");
    Ok(listener)
}

async fn submit(
    submitter: Submitter<Rpc>,
    poll: Duration,
    mut stop: watch::Receiver<bool>,
) -> Result<()> {
    while !*stop.borrow() {
        if let Err(error) = submitter.turn().await {
            metrics::counter!("relayer_faults_total", "error" => error.id()).increment(1);
            warn!(error = error.id(), %error, "a round of sending was not finished");
        }
        tokio::select! {
            () = sleep(poll) => {}
            _ = stop.changed() => {}
        }
    }
    submitter.stop().await
}

/// Does something as long as there is something to do, then looks again after a while.
async fn repeat(
    poll: Duration,
    mut stop: watch::Receiver<bool>,
    part: &'static str,
    step: impl AsyncFn() -> Result<bool>,
) -> Result<()> {
    while !*stop.borrow() {
        match step().await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                metrics::counter!("relayer_faults_total", "error" => error.id()).increment(1);
                warn!(part, error = error.id(), %error, "a step was not done");
            }
        }
        tokio::select! {
            () = sleep(poll) => {}
            _ = stop.changed() => {}
        }
    }
    Ok(())
}

async fn tidy(store: Store, seconds: i64, mut stop: watch::Receiver<bool>) -> Result<()> {
    while !*stop.borrow() {
        match store.forget(seconds).await {
            Ok(jobs) if jobs > 0 => info!(jobs, "forgotten"),
            Ok(_) => {}
            Err(error) => warn!(error = error.id(), %error, "nothing was forgotten"),
        }
        tokio::select! {
            () = sleep(TIDY) => {}
            _ = stop.changed() => {}
        }
    }
    Ok(())
}

async fn load(config: Config) -> Result<Proving> {
    let work = move || {
        let folder: PathBuf = match config.proving.cache {
            Some(folder) => folder,
            None => default_cache_folder()?,
        };
        let cache = KeyCache::open(&folder)?;
        Proving::load(&cache, config.proving.allow_insecure_dev, config.proving.at_a_time)
    };
    let loaded = tokio::task::spawn_blocking(work).await;
    loaded.map_err(|error| Error::Ended { what: "loading keys", detail: error.to_string() })?
}

/// The sources of salts that are configured; one of them is, which reading the configuration has made sure of.
async fn salts(config: &Config, store: &Store) -> Result<Arc<dyn SaltSource>> {
    let (config, store) = (config.clone(), store.clone());
    let work = move || {
        let folder = config.salts.folder.as_deref().map(SaltFolder::open).transpose()?;
        let nodes = config.salts.nodes.as_ref();
        let nodes = nodes.map(|nodes| SaltNodes::open(store, nodes, &config.chains)).transpose()?;
        let source: Arc<dyn SaltSource> = match (folder, nodes) {
            (Some(folder), Some(nodes)) => {
                Arc::new(Either { first: Box::new(folder), second: Box::new(nodes) })
            }
            (Some(folder), None) => Arc::new(folder),
            (None, Some(nodes)) => Arc::new(nodes),
            (None, None) => return Err(Error::config("salts", "there is no source", "name one")),
        };
        Ok(source)
    };
    let opened = tokio::task::spawn_blocking(work).await;
    opened.map_err(|error| Error::Ended { what: "opening salts", detail: error.to_string() })?
}

async fn has_code(rpc: &Rpc, contract: alloy::primitives::Address) -> Result<()> {
    if rpc.has_code(contract).await? {
        return Ok(());
    }
    let place = format!("chains.{}, contracts", rpc.chain());
    let detail = format!("nothing is deployed at {contract}");
    Err(Error::config(place, detail, "give the addresses that the deploy script printed"))
}

fn limits(chain: &ChainConfig, config: &Config) -> Limits {
    Limits {
        confirmations: chain.confirmations,
        max_fee: u128::from(chain.max_fee_gwei) * 1_000_000_000,
        max_gas: chain.max_gas,
        resend_seconds: chain.resend_seconds.into(),
        budget: config.limits.transactions_a_day.into(),
        patience_seconds: i64::from(config.limits.patience_hours) * 3600,
        bundle: chain.bundle,
        in_flight: 16,
    }
}
