//! Where mails, proofs and questions come in.

pub mod api;
pub mod http;
pub mod lmtp;
mod page;
pub mod screen;

use crate::{
    error::Result,
    job::State,
    store::{Arrival, Received, Store},
};

/// What a door needs to take something in.
#[derive(Clone)]
pub struct Desk {
    /// Where it is put.
    pub store: Store,
    /// Jobs that may be on their way; above it, senders are told to come again.
    pub max_queue: i64,
    /// Longest mail, in bytes.
    pub max_mail_bytes: usize,
}

impl Desk {
    /// Whether more can be taken in.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`].
    pub async fn has_room(&self) -> Result<bool> {
        let waiting = self.store.counts().await?.into_iter();
        let waiting: i64 =
            waiting.filter(|(state, _)| !state.is_over()).map(|(_, jobs)| jobs).sum();
        Ok(waiting < self.max_queue)
    }

    /// Takes something in.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Database`]: then it was not taken in.
    pub async fn take(&self, arrival: Arrival<'_>, door: &'static str) -> Result<Received> {
        let received = self.store.receive(arrival, door).await?;
        if received.new {
            tracing::info!(job = received.job, door, "received");
            metrics::counter!("relayer_received_total", "door" => door).increment(1);
        }
        Ok(received)
    }
}

/// The state of several jobs: of the one that is furthest, where one is not refused.
pub(crate) fn furthest(states: impl Iterator<Item = State>) -> Option<State> {
    let rank = |state: &State| match state {
        State::Refused => 0,
        other => 1 + State::ALL.iter().position(|s| s == other).unwrap_or_default(),
    };
    states.max_by_key(rank)
}
