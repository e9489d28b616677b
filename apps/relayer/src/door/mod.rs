//! Where mails, proofs and questions come in.

pub mod api;
mod connections;
pub mod http;
pub mod imap;
pub mod lmtp;
mod notices;
mod page;
pub mod screen;

pub(crate) use connections::serve;

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    error::{Error, Result},
    job::{Refused, State},
    pipeline::{check, KeySource},
    store::{Arrival, Received, Store},
};

/// What a door needs to take something in.
#[derive(Clone)]
pub struct Desk {
    /// Where it is put.
    pub store: Store,
    /// Whose keys sign.
    pub keys: Arc<dyn KeySource>,
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
        Ok(self.store.on_their_way().await? < self.max_queue)
    }

    /// Looks at a mail before it is stored: what no provider signed costs no more than this look, however much of it comes.
    /// A mail that is signed, and useless for another reason, is let in: its sender may be told.
    ///
    /// # Errors
    ///
    /// [`Error::Files`] and [`Error::Ended`].
    pub async fn look(&self, mail: &[u8], envelope: Option<&str>) -> Result<Option<Refused>> {
        if let Some(why) = screen::automatic(mail, envelope).or_else(|| screen::useless(mail)) {
            let hint = "hand in the mail as the provider delivered it, with all its header";
            return Ok(Some(Refused::new("no-use", why, hint)));
        }
        let registry = self.keys.registry().await?;
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mail = zeroize::Zeroizing::new(mail.to_vec());
        let work = move || match check(&mail, &registry, clock) {
            Err((refused, None)) => Some(refused),
            _ => None,
        };
        let looked = tokio::task::spawn_blocking(work).await;
        looked.map_err(|error| Error::Ended { what: "checking", detail: error.to_string() })
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
