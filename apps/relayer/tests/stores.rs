//! The same tests on SQLite and on Postgres.

use alloy::primitives::{Address, B256};
use zkdkim_relayer::{
    job::{Errand, Refused, State, Target},
    store::{Arrival, Checked, Lease, Sender, Signed, Store, Ticket, Transaction, Wish},
    Error,
};

use crate::support::{
    database, long_vote, owner, proven, vote, waiting, waiting_for, ACCOUNT, CHAIN, CONTRACT, KEY,
    LONG_OWNER,
};

const MAIL: &[u8] = b"From: ann@example.org\r\n\r\n";

async fn mail(store: &Store, bytes: &[u8]) -> String {
    store.receive(Arrival::Mail(bytes), "test").await.unwrap().job
}

async fn state(store: &Store, job: &str) -> State {
    store.job(job).await.unwrap().unwrap().state
}

fn refused() -> Refused {
    Refused::new("why", "detail", "hint")
}

fn transaction(nonce: u64) -> Transaction {
    let hash = B256::repeat_byte(nonce as u8);
    Transaction {
        id: zkdkim_relayer::store::random_id(),
        chain: CHAIN,
        sender: Address::repeat_byte(1),
        nonce,
        to: CONTRACT,
        data: vec![1, 2, 3],
        gas: 500_000,
        signed: Signed { raw: vec![4, 5], hash, max_fee: u128::MAX, tip: 7 },
        hashes: vec![hash],
        age: 0,
    }
}

async fn jobs(store: &Store) -> Vec<zkdkim_relayer::job::Job> {
    store.waiting(CHAIN, 100).await.unwrap()
}

#[tokio::test]
async fn the_same_mail_is_one_job() {
    for database in database::each().await {
        let store = &database.store;
        let first = store.receive(Arrival::Mail(MAIL), "test").await.unwrap();
        assert!(first.new);
        for _ in 0..100 {
            let again = store.receive(Arrival::Mail(MAIL), "test").await.unwrap();
            assert_eq!((again.job, again.new), (first.job.clone(), false));
        }
        assert_eq!(store.counts().await.unwrap(), [(State::Received, 1)]);
        assert_eq!(&store.mail(&first.job).await.unwrap().unwrap()[..], MAIL);
    }
}

#[tokio::test]
async fn what_was_refused_may_come_again() {
    for database in database::each().await {
        let store = &database.store;
        let first = mail(store, MAIL).await;
        let (lease, _) = store.claim(60).await.unwrap().unwrap();
        store.refuse(&lease, &refused(), None).await.unwrap();
        let second = store.receive(Arrival::Mail(MAIL), "test").await.unwrap();
        assert!(second.new && second.job != first);
        assert_eq!(store.job(&first).await.unwrap().unwrap().refused, Some(refused()));
    }
}

#[tokio::test]
async fn a_job_has_one_worker_at_a_time() {
    for database in database::each().await {
        let store = &database.store;
        let job = mail(store, MAIL).await;
        let (dead, _) = store.claim(0).await.unwrap().unwrap();
        // Its lease has run out at once, as that of a worker that was killed does.
        let (alive, taken) = store.claim(60).await.unwrap().unwrap();
        assert_eq!((taken.id.as_str(), taken.attempts), (job.as_str(), 2));
        assert!(store.claim(60).await.unwrap().is_none());

        // The first comes back.
        let lost = |result: zkdkim_relayer::Result<()>| {
            assert!(matches!(result, Err(Error::LeaseLost { .. })), "{result:?}");
        };
        lost(store.renew(&dead, 60).await);
        lost(store.step(&dead, State::Proving).await);
        lost(store.proved(&dead, &proven(1)).await);
        lost(store.refuse(&dead, &refused(), None).await);
        lost(store.put_off(&dead, 0).await);
        lost(store.checked(&dead, &checked(&vote(), 1)).await.map(drop));
        assert_eq!(state(store, &job).await, State::Received);

        assert!(store.checked(&alive, &checked(&vote(), 1)).await.unwrap());
        store.proved(&alive, &proven(1)).await.unwrap();
        assert_eq!(state(store, &job).await, State::Proved);
        // What is proved is nobody's any more.
        lost(store.renew(&alive, 60).await);
    }
}

fn checked(target: &Target, header: u8) -> Checked<'_> {
    Checked { target, header_digest: [header; 32], reply: Some("{}".into()) }
}

#[tokio::test]
async fn one_signed_header_is_one_job() {
    for database in database::each().await {
        let store = &database.store;
        mail(store, b"one").await;
        mail(store, b"two, the same but for what no signature covers").await;
        let (first, _) = store.claim(60).await.unwrap().unwrap();
        let (second, _) = store.claim(60).await.unwrap().unwrap();
        assert!(store.checked(&first, &checked(&vote(), 9)).await.unwrap());
        assert!(!store.checked(&second, &checked(&vote(), 9)).await.unwrap());
        store.refuse(&second, &refused(), None).await.unwrap();
        // Where the first comes to nothing, another may have its effect.
        store.refuse(&first, &refused(), None).await.unwrap();
        mail(store, b"three").await;
        let (third, _) = store.claim(60).await.unwrap().unwrap();
        assert!(store.checked(&third, &checked(&vote(), 9)).await.unwrap());
    }
}

#[tokio::test]
async fn many_workers_take_each_job_once() {
    for database in database::each().await {
        for number in 0..40u8 {
            mail(&database.store, &[number]).await;
        }
        let worker = |store: Store| async move {
            let mut taken: Vec<Lease> = Vec::new();
            while let Some((lease, _)) = store.claim(60).await.unwrap() {
                taken.push(lease);
            }
            taken
        };
        let workers: Vec<_> =
            (0..6).map(|_| tokio::spawn(worker(database.store.clone()))).collect();
        let mut taken = Vec::new();
        for worker in workers {
            taken.extend(worker.await.unwrap().into_iter().map(|lease| lease.job));
        }
        taken.sort();
        let all = taken.len();
        taken.dedup();
        assert_eq!((all, taken.len()), (40, 40), "{:?}", database.store.dialect());
    }
}

#[tokio::test]
async fn a_job_is_in_one_transaction() {
    for database in database::each().await {
        let store = &database.store;
        waiting(store, 1).await;
        waiting(store, 2).await;
        let both = jobs(store).await;
        let first = transaction(0);
        assert!(store.keep(&first, &both).await.unwrap());
        // Another process that has looked at the same moment.
        assert!(!store.keep(&transaction(1), &both[..1]).await.unwrap());
        let open = store.open_transactions(CHAIN, first.sender).await.unwrap();
        assert_eq!(open.len(), 1, "the second was not kept");
        assert_eq!(open[0].signed, first.signed);
        assert_eq!(store.carried(&first.id).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_number_is_used_once() {
    for database in database::each().await {
        let store = &database.store;
        waiting(store, 1).await;
        waiting(store, 2).await;
        let both = jobs(store).await;
        assert!(store.keep(&transaction(5), &both[..1]).await.unwrap());
        assert!(!store.keep(&transaction(5), &both[1..]).await.unwrap());
        assert_eq!(state(store, &both[1].id).await, State::Proved);
    }
}

#[tokio::test]
async fn what_had_no_effect_waits_again() {
    for database in database::each().await {
        let store = &database.store;
        for guardian in 1..=2 {
            waiting(store, guardian).await;
        }
        let both = jobs(store).await;
        let sent = transaction(0);
        assert!(store.keep(&sent, &both).await.unwrap());
        store.undo(&sent).await.unwrap();
        assert_eq!(jobs(store).await.len(), 2);

        let sent = transaction(1);
        assert!(store.keep(&sent, &both).await.unwrap());
        let execution = Target { errand: Errand::Execute, ..vote() };
        store.finish(&sent, &[&both[0]], Some(77), Some(&execution)).await.unwrap();
        let done = store.job(&both[0].id).await.unwrap().unwrap();
        assert_eq!((done.state, done.executable_from), (State::Final, Some(77)));
        assert!(done.proven.is_none(), "what is on the chain is not kept");
        assert_eq!(state(store, &both[1].id).await, State::Proved);
        let errands: Vec<_> = jobs(store).await.iter().map(|j| j.target.unwrap().errand).collect();
        assert!(errands.contains(&Errand::Execute));
    }
}

#[tokio::test]
async fn mails_are_erased_with_the_outcome() {
    for database in database::each().await {
        let store = &database.store;
        let refused_job = mail(store, b"one").await;
        let (lease, _) = store.claim(60).await.unwrap().unwrap();
        store.refuse(&lease, &refused(), None).await.unwrap();
        assert!(store.mail(&refused_job).await.unwrap().is_none());

        let done = mail(store, b"two").await;
        let (lease, _) = store.claim(60).await.unwrap().unwrap();
        assert!(store.checked(&lease, &checked(&vote(), 2)).await.unwrap());
        store.proved(&lease, &proven(2)).await.unwrap();
        assert!(store.mail(&done).await.unwrap().is_some(), "it may have to be proved again");
        let sent = transaction(0);
        let all = jobs(store).await;
        assert!(store.keep(&sent, &all).await.unwrap());
        store.finish(&sent, &[&all[0]], None, None).await.unwrap();
        assert!(store.mail(&done).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_mail_is_answered_once() {
    for database in database::each().await {
        let store = &database.store;
        let job = mail(store, MAIL).await;
        let (lease, _) = store.claim(60).await.unwrap().unwrap();
        assert!(store.claim_answer().await.unwrap().is_none(), "it is not over");
        let sender = Sender { envelope: "to whom".into(), header_digest: [9; 32] };
        store.refuse(&lease, &refused(), Some(&sender)).await.unwrap();
        let (reply, answered) = store.claim_answer().await.unwrap().unwrap();
        assert_eq!((reply.as_str(), answered.id), ("to whom", job));
        assert!(store.claim_answer().await.unwrap().is_none());

        // Whoever has the mail may hand it in again and again, with another body: its sender hears nothing more of it.
        for body in [MAIL, b"another body"] {
            mail(store, body).await;
            let (lease, _) = store.claim(60).await.unwrap().unwrap();
            store.refuse(&lease, &refused(), Some(&sender)).await.unwrap();
            assert!(store.claim_answer().await.unwrap().is_none());
        }
        mail(store, b"another mail").await;
        let (lease, _) = store.claim(60).await.unwrap().unwrap();
        assert!(store.checked(&lease, &checked(&vote(), 8)).await.unwrap());
        store.refuse(&lease, &refused(), None).await.unwrap();
        assert!(store.claim_answer().await.unwrap().is_some());
    }
}

#[tokio::test]
async fn an_account_has_a_budget() {
    for database in database::each().await {
        let store = &database.store;
        for _ in 0..3 {
            assert!(store.spend(CHAIN, ACCOUNT, 3).await.unwrap());
        }
        assert!(!store.spend(CHAIN, ACCOUNT, 3).await.unwrap());
        assert!(store.spend(CHAIN, KEY, 3).await.unwrap(), "another's is another");
        assert!(store.spend(1, ACCOUNT, 3).await.unwrap());
    }
}

#[tokio::test]
async fn one_process_sends() {
    for database in database::each().await {
        let store = &database.store;
        assert!(store.hold("sender", "a", 60).await.unwrap());
        assert!(store.hold("sender", "a", 60).await.unwrap(), "it keeps it");
        assert!(!store.hold("sender", "b", 60).await.unwrap());
        store.let_go("sender", "b").await.unwrap();
        assert!(!store.hold("sender", "b", 60).await.unwrap());
        store.let_go("sender", "a").await.unwrap();
        assert!(store.hold("sender", "b", 0).await.unwrap());
        assert!(store.hold("sender", "a", 60).await.unwrap(), "it has run out");
    }
}

#[tokio::test]
async fn only_the_id_gives_access() {
    for database in database::each().await {
        let store = &database.store;
        let job = waiting(store, 1).await;
        let id = store.issue(&Ticket::Job(job.clone())).await.unwrap();
        assert_eq!(store.ticket(&id).await.unwrap(), Some(Ticket::Job(job.clone())));
        assert_eq!(store.ticket(&job).await.unwrap(), None, "what logs show is no ticket");

        let wish =
            Wish { chain: CHAIN, account: ACCOUNT, errand: Errand::Recover, new_owner: owner(KEY) };
        let id = store.issue(&Ticket::Wish(wish)).await.unwrap();
        assert_eq!(store.ticket(&id).await.unwrap(), Some(Ticket::Wish(wish)));
        assert_eq!(store.jobs_of(&wish).await.unwrap().len(), 1);
        let other = Wish { new_owner: None, ..wish };
        assert!(store.jobs_of(&other).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_round_is_opened_once() {
    for database in database::each().await {
        let store = &database.store;
        let round = Target { errand: Errand::OpenRound, nonce: 0, new_owner: None, ..vote() };
        let first = store.receive(Arrival::Errand(&round), "test").await.unwrap();
        let again = store.receive(Arrival::Errand(&round), "test").await.unwrap();
        assert_eq!((first.new, again.new, first.job == again.job), (true, false, true));
        let job = store.job(&first.job).await.unwrap().unwrap();
        store.found_done(&job, None, None).await.unwrap();
        assert!(
            store.receive(Arrival::Errand(&round), "test").await.unwrap().new,
            "the next round"
        );
    }
}

#[tokio::test]
async fn outcomes_are_forgotten_in_time() {
    for database in database::each().await {
        let store = &database.store;
        let over = mail(store, MAIL).await;
        let (lease, _) = store.claim(60).await.unwrap().unwrap();
        store.refuse(&lease, &refused(), None).await.unwrap();
        let alive = waiting(store, 1).await;
        assert_eq!(store.forget(3600).await.unwrap(), 0);
        // A second ago is before now and one second more.
        assert_eq!(store.forget(-1).await.unwrap(), 1);
        assert!(store.job(&over).await.unwrap().is_none());
        assert!(store.job(&alive).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_store_is_found_as_it_was_left() {
    for database in database::each().await {
        let job = mail(&database.store, MAIL).await;
        database.store.close().await;
        let again = Store::open(&database.url).await.unwrap();
        assert_eq!(state(&again, &job).await, State::Received);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let url = format!("sqlite:{}", path.display());
    Store::open(&url).await.unwrap().close().await;
    let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = Store::open(&url).await.unwrap_err().to_string();
    assert!(error.contains("chmod 600"), "{error}");
    assert!(Store::open("mysql://x").await.unwrap_err().to_string().contains("neither"));
}

#[tokio::test]
async fn an_owner_of_many_bytes_is_kept_as_long_as_a_vote_for_it() {
    for database in database::each().await {
        let store = &database.store;
        let voted = long_vote().new_owner.unwrap();
        assert_eq!(store.owner_bytes(voted).await.unwrap(), None);
        for _ in 0..2 {
            store.keep_owner(voted, &LONG_OWNER).await.unwrap();
        }
        let job = waiting_for(store, &long_vote(), 1).await;
        assert_eq!(store.job(&job).await.unwrap().unwrap().target, Some(long_vote()));
        let wish = Wish {
            chain: CHAIN,
            account: ACCOUNT,
            errand: Errand::Recover,
            new_owner: Some(voted),
        };
        let id = store.issue(&Ticket::Wish(wish)).await.unwrap();
        assert_eq!(store.ticket(&id).await.unwrap(), Some(Ticket::Wish(wish)));
        assert_eq!(store.jobs_of(&wish).await.unwrap().len(), 1);
        assert!(store.jobs_of(&Wish { new_owner: owner(KEY), ..wish }).await.unwrap().is_empty());

        store.forget(-1).await.unwrap();
        assert_eq!(store.owner_bytes(voted).await.unwrap().unwrap()[..], LONG_OWNER);
        let job = store.job(&job).await.unwrap().unwrap();
        store.found_done(&job, None, None).await.unwrap();
        store.forget(-1).await.unwrap();
        assert_eq!(store.owner_bytes(voted).await.unwrap(), None);
    }
}
