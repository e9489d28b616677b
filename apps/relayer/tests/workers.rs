//! Workers with mails that a provider of this program signs, up to where a proof would be made.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;
use zkdkim_relation::{key_record::KeyRecord, owner::Owner, KeyRegistry, Salt};
use zkdkim_relayer::{
    job::{Job, State},
    pipeline::{Asked, Chain, KeySource, SaltFault, SaltSource, Worker},
    store::{Arrival, Store},
    Result,
};

use crate::support::{
    chain::Misbehaving, database, long_vote, proving, signer, CHAIN, CONTRACT, LONG_OWNER,
};

/// The keys of the signer of tests.
struct Keys(Arc<KeyRegistry>);

#[async_trait::async_trait]
impl KeySource for Keys {
    async fn registry(&self) -> Result<Arc<KeyRegistry>> {
        Ok(self.0.clone())
    }
}

fn keys() -> Arc<Keys> {
    let mut registry = KeyRegistry::new();
    let record = KeyRecord::parse("s1._domainkey.example.org", &signer::record()).unwrap();
    registry.add("example.org", record.modulus).unwrap();
    Arc::new(Keys(Arc::new(registry)))
}

struct NoSalt;

#[async_trait::async_trait]
impl SaltSource for NoSalt {
    async fn salt(&self, _: &Asked<'_>) -> Result<Salt, SaltFault> {
        Err(SaltFault::Later(60))
    }
}

/// One look of a worker at a job, after so many seconds that it lay there.
async fn look(database: &database::Database, job: &str, seconds: i64) -> Job {
    database.age(job, seconds).await;
    let store: &Store = &database.store;
    let ledger = Arc::new(Misbehaving::new());
    let chains = BTreeMap::from([(CHAIN, Chain { ledger, contracts: vec![CONTRACT] })]);
    let worker = Worker {
        store: store.clone(),
        chains: Arc::new(chains),
        keys: keys(),
        salts: Arc::new(NoSalt),
        proving: proving().await,
        poll: Duration::from_millis(10),
        patience_seconds: 86_400,
        answers: true,
    };
    let (stop, stopped) = watch::channel(false);
    let working = tokio::spawn(worker.run(stopped));
    // It has looked when nothing is due any more.
    let deadline = Instant::now() + Duration::from_secs(60);
    while database.is_due(job).await {
        assert!(Instant::now() < deadline, "no worker looked");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.send(true).unwrap();
    working.await.unwrap();
    store.job(job).await.unwrap().unwrap()
}

fn mail() -> Vec<u8> {
    let subject = long_vote().subject().unwrap();
    let fields =
        format!("From: Ann <ann@example.org>\r\nTo: r@relayer.example\r\nSubject: {subject}\r\n");
    signer::sign(&fields, "example.org", "")
}

#[tokio::test]
async fn a_vote_for_a_hash_waits_for_what_it_is_of() {
    let database = database::sqlite().await;
    let store = &database.store;
    let job = store.receive(Arrival::Mail(&mail()), "test").await.unwrap().job;
    let waits = look(&database, &job, 3500).await;
    assert_eq!((waits.state, waits.target), (State::Checked, Some(long_vote())));
    // Once it is known, the next that is asked is the account's configuration, which this chain has none of.
    store.keep_owner(Owner::from_bytes(&LONG_OWNER).unwrap(), &LONG_OWNER).await.unwrap();
    let known = look(&database, &job, 3500).await;
    assert_eq!(known.refused.unwrap().reason, "round-not-open");
}

#[tokio::test]
async fn a_vote_for_a_hash_of_nobody_knows_what_is_refused_in_the_end() {
    let database = database::sqlite().await;
    let job = database.store.receive(Arrival::Mail(&mail()), "test").await.unwrap().job;
    let gone = look(&database, &job, 3700).await;
    assert_eq!(gone.refused.unwrap().reason, "owner-unknown");
}
