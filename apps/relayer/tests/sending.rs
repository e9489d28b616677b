//! Proved jobs to a chain that loses, puts off and takes back: each vote counts once, or its job has a named refusal.

use alloy::{primitives::U256, signers::local::PrivateKeySigner};
use zkdkim_relayer::{
    chain::{Limits, Submitter},
    job::State,
    store::Store,
};

use crate::support::{
    chain::Misbehaving, database, long_vote, proven, waiting, waiting_for, ACCOUNT, CHAIN,
    LONG_OWNER,
};

fn limits() -> Limits {
    Limits {
        confirmations: 3,
        max_fee: 1000,
        max_gas: 10_000_000,
        resend_seconds: 3600,
        budget: 10,
        patience_seconds: 3600,
        bundle: 8,
        in_flight: 4,
    }
}

fn signer() -> PrivateKeySigner {
    PrivateKeySigner::from_slice(&[7; 32]).unwrap()
}

fn submitter(store: &Store, chain: &Misbehaving, limits: Limits) -> Submitter<Misbehaving> {
    Submitter::new(store.clone(), chain.clone(), signer(), limits)
}

/// As a process that comes up, does one round, and is killed without giving its lease back.
async fn round(store: &Store, chain: &Misbehaving) {
    round_with(store, chain, limits()).await;
}

async fn round_with(store: &Store, chain: &Misbehaving, limits: Limits) {
    let submitter = submitter(store, chain, limits);
    // A node that is down is met again in the next round.
    let _ = submitter.turn().await;
    submitter.stop().await.unwrap();
}

async fn settle(store: &Store, chain: &Misbehaving) {
    for _ in 0..8 {
        round(store, chain).await;
        chain.mine();
    }
}

async fn state(store: &Store, job: &str) -> State {
    store.job(job).await.unwrap().unwrap().state
}

async fn reason(store: &Store, job: &str) -> String {
    store.job(job).await.unwrap().unwrap().refused.map(|refused| refused.reason).unwrap_or_default()
}

fn counted(guardians: &[u64]) -> Vec<U256> {
    guardians.iter().map(|guardian| proven(*guardian).nullifier()).collect()
}

#[tokio::test]
async fn a_vote_is_final_under_enough_blocks() {
    for database in database::each().await {
        let (store, chain) = (&database.store, Misbehaving::new());
        let job = waiting(store, 1).await;
        round(store, &chain).await;
        assert_eq!(state(store, &job).await, State::Sent);
        for _ in 0..2 {
            chain.mine();
            round(store, &chain).await;
            assert_eq!(state(store, &job).await, State::Sent, "not deep enough");
        }
        chain.mine();
        round(store, &chain).await;
        assert_eq!(state(store, &job).await, State::Final);
        assert_eq!(chain.effects(), counted(&[1]));
    }
}

#[tokio::test]
async fn what_a_node_loses_is_sent_again() {
    let database = database::sqlite().await;
    let (store, chain) = (&database.store, Misbehaving::new());
    let job = waiting(store, 1).await;
    chain.lose(3);
    settle(store, &chain).await;
    assert_eq!(state(store, &job).await, State::Final);
    assert_eq!(chain.effects(), counted(&[1]));
    assert!(chain.sends() > 3);
}

#[tokio::test]
async fn a_node_that_goes_down_between_keeping_and_sending_changes_nothing() {
    let database = database::sqlite().await;
    let (store, chain) = (&database.store, Misbehaving::new());
    let job = waiting(store, 1).await;
    round(store, &chain).await;
    chain.set_down(true);
    for _ in 0..3 {
        round(store, &chain).await;
    }
    assert_eq!(state(store, &job).await, State::Sent);
    chain.set_down(false);
    settle(store, &chain).await;
    assert_eq!((state(store, &job).await, chain.effects()), (State::Final, counted(&[1])));
}

#[tokio::test]
async fn a_chain_that_takes_a_block_back_gets_the_vote_again() {
    for database in database::each().await {
        let (store, chain) = (&database.store, Misbehaving::new());
        let job = waiting(store, 1).await;
        round(store, &chain).await;
        chain.mine();
        chain.mine();
        round(store, &chain).await;
        assert_eq!(chain.effects(), counted(&[1]));
        chain.reorganise(2);
        assert!(chain.effects().is_empty());
        settle(store, &chain).await;
        assert_eq!((state(store, &job).await, chain.effects()), (State::Final, counted(&[1])));
    }
}

#[tokio::test]
async fn what_somebody_else_sent_first_is_not_sent_twice() {
    let database = database::sqlite().await;
    let (store, chain) = (&database.store, Misbehaving::new());
    let before = waiting(store, 1).await;
    chain.vote_by_another(proven(1).nullifier(), 1);
    let between = waiting(store, 2).await;
    round(store, &chain).await;
    // It overtakes ours in the pool, which then reverts.
    chain.vote_by_another(proven(2).nullifier(), 2);
    for _ in 0..3 {
        settle(store, &chain).await;
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    }
    assert_eq!(state(store, &before).await, State::Final);
    assert_eq!(state(store, &between).await, State::Final);
    assert_eq!(chain.effects(), counted(&[1, 2]));
}

#[tokio::test]
async fn a_recovery_that_somebody_else_started_is_completed_all_the_same() {
    let database = database::sqlite().await;
    let (store, chain) = (&database.store, Misbehaving::new());
    let job = waiting(store, 1).await;
    for guardian in 1..=3 {
        chain.vote_by_another(proven(guardian).nullifier(), guardian);
    }
    chain.start_recovery();
    for _ in 0..3 {
        chain.mine();
    }
    round(store, &chain).await;
    let voted = store.job(&job).await.unwrap().unwrap();
    assert_eq!((voted.state, voted.executable_from), (State::Final, Some(5000)));
    let counts = store.counts().await.unwrap();
    assert!(counts.contains(&(State::Proved, 1)), "the execution waits: {counts:?}");
}

#[tokio::test]
async fn two_processes_at_once_send_a_vote_once() {
    for database in database::each().await {
        let (store, chain) = (&database.store, Misbehaving::new());
        for guardian in 1..=2 {
            waiting(store, guardian).await;
        }
        // Two senders have no lease in common: only the store keeps them apart.
        let one = |store: Store, chain: Misbehaving, key: u8| async move {
            let signer = PrivateKeySigner::from_slice(&[key; 32]).unwrap();
            let submitter = Submitter::new(store, chain.clone(), signer, limits());
            for _ in 0..12 {
                submitter.turn().await.unwrap();
                chain.mine();
                tokio::task::yield_now().await;
            }
        };
        let both = [
            tokio::spawn(one(store.clone(), chain.clone(), 7)),
            tokio::spawn(one(store.clone(), chain.clone(), 8)),
        ];
        for process in both {
            process.await.unwrap();
        }
        assert_eq!(chain.effects(), counted(&[1, 2]));
        assert_eq!(store.counts().await.unwrap(), [(State::Final, 2)]);
    }
}

#[tokio::test]
async fn votes_that_wait_together_share_a_transaction() {
    let database = database::sqlite().await;
    let (store, chain) = (&database.store, Misbehaving::new());
    let good = [waiting(store, 1).await, waiting(store, 2).await];
    let stranger = waiting(store, 9).await;
    chain.disown(9);
    round(store, &chain).await;
    assert_eq!(reason(store, &stranger).await, "not-guardian");
    assert_eq!(store.open_transactions(CHAIN, signer().address()).await.unwrap().len(), 1);
    settle(store, &chain).await;
    for job in &good {
        assert_eq!(state(store, job).await, State::Final);
    }
    assert_eq!(chain.effects(), counted(&[1, 2]));
}

#[tokio::test]
async fn a_vote_that_is_not_needed_is_refused_by_name() {
    let database = database::sqlite().await;
    let (store, chain) = (&database.store, Misbehaving::new());
    let mut jobs = Vec::new();
    for guardian in 1..=4 {
        jobs.push(waiting(store, guardian).await);
    }
    settle(store, &chain).await;
    assert_eq!(chain.effects().len(), 3);
    let mut late = 0;
    for job in &jobs {
        match state(store, job).await {
            State::Refused => {
                assert_eq!(reason(store, job).await, "recovery-pending");
                late += 1;
            }
            state => {
                assert_eq!(state, State::Final);
                let voted = store.job(job).await.unwrap().unwrap();
                assert_eq!(voted.executable_from, Some(5000));
            }
        }
    }
    assert_eq!(late, 1);
    let counts = store.counts().await.unwrap();
    assert!(counts.contains(&(State::Proved, 1)), "the execution waits: {counts:?}");
}

#[tokio::test]
async fn votes_that_need_too_much_gas_together_go_apart() {
    let database = database::sqlite().await;
    let (store, chain) = (&database.store, Misbehaving::new());
    let jobs = [waiting(store, 1).await, waiting(store, 2).await];
    // A quarter more than one vote needs, and less than two.
    let tight = Limits { max_gas: 500_000, ..limits() };
    for _ in 0..10 {
        round_with(store, &chain, tight.clone()).await;
        chain.mine();
    }
    for job in &jobs {
        assert_eq!(state(store, job).await, State::Final);
    }
    assert_eq!(chain.effects(), counted(&[1, 2]));
    let job = waiting(store, 3).await;
    round_with(store, &chain, Limits { max_gas: 499_999, ..limits() }).await;
    assert_eq!(reason(store, &job).await, "too-much-gas");
}

#[tokio::test]
async fn gas_that_costs_too_much_is_waited_for() {
    let database = database::sqlite().await;
    let (store, chain) = (&database.store, Misbehaving::new());
    let job = waiting(store, 1).await;
    chain.ask_for(5000, 0);
    round(store, &chain).await;
    assert_eq!((state(store, &job).await, chain.sends()), (State::Proved, 0));
    chain.ask_for(10, 0);
    settle(store, &chain).await;
    assert_eq!(state(store, &job).await, State::Final);
}

#[tokio::test]
async fn a_transaction_that_is_stuck_gets_a_higher_fee_and_the_same_number() {
    let database = database::sqlite().await;
    let (store, chain) = (&database.store, Misbehaving::new());
    let job = waiting(store, 1).await;
    chain.ask_for(10, 25);
    let hurried = Limits { resend_seconds: 0, ..limits() };
    for _ in 0..8 {
        round_with(store, &chain, hurried.clone()).await;
        chain.mine();
    }
    round(store, &chain).await;
    assert_eq!((state(store, &job).await, chain.effects()), (State::Final, counted(&[1])));
}

#[tokio::test]
async fn a_number_that_was_used_elsewhere_is_left() {
    let database = database::sqlite().await;
    let (store, chain) = (&database.store, Misbehaving::new());
    let job = waiting(store, 1).await;
    chain.lose(1);
    round(store, &chain).await;
    chain.use_nonce(signer().address());
    settle(store, &chain).await;
    settle(store, &chain).await;
    assert_eq!((state(store, &job).await, chain.effects()), (State::Final, counted(&[1])));
}

#[tokio::test]
async fn an_account_that_spent_its_budget_is_refused_by_name() {
    let database = database::sqlite().await;
    let (store, chain) = (&database.store, Misbehaving::new());
    let none = Limits { budget: 1, ..limits() };
    assert!(store.spend(CHAIN, ACCOUNT, 1).await.unwrap());
    let job = waiting(store, 1).await;
    round_with(store, &chain, none).await;
    assert_eq!((reason(store, &job).await.as_str(), chain.sends()), ("budget", 0));
}

#[tokio::test]
async fn votes_for_an_owner_of_many_bytes_are_sent_with_them() {
    let database = database::sqlite().await;
    let (store, chain) = (&database.store, Misbehaving::new());
    store.keep_owner(long_vote().new_owner.unwrap(), &LONG_OWNER).await.unwrap();
    let mut jobs = Vec::new();
    for guardian in 1..=3 {
        jobs.push(waiting_for(store, &long_vote(), guardian).await);
    }
    settle(store, &chain).await;
    assert_eq!(chain.pending().unwrap()[..], LONG_OWNER);
    for job in &jobs {
        let voted = store.job(job).await.unwrap().unwrap();
        assert_eq!((voted.state, voted.executable_from), (State::Final, Some(5000)));
    }
    let counts = store.counts().await.unwrap();
    assert!(counts.contains(&(State::Proved, 1)), "the execution waits: {counts:?}");
}

#[tokio::test]
async fn a_vote_for_nobody_knows_whom_is_refused_by_name() {
    let database = database::sqlite().await;
    let (store, chain) = (&database.store, Misbehaving::new());
    let job = waiting_for(store, &long_vote(), 1).await;
    round(store, &chain).await;
    assert_eq!((reason(store, &job).await.as_str(), chain.sends()), ("owner-unknown", 0));
}
