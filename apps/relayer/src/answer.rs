//! Answers by mail: at most one to a mail, to nobody but the address whose provider signed it, and to no machine.

use lettre::Message;
use serde::{Deserialize, Serialize};
use tracing::{info, warn};
use zkdkim_relation::{inspect::Provable, message};

use crate::{
    door::screen,
    error::Result,
    job::{Errand, Job, State},
    post::Post,
    store::Store,
};

/// To whom an answer goes; kept with the job until it was given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reply {
    to: String,
    in_reply_to: Option<String>,
    subject: String,
}

impl Reply {
    /// The answer's envelope for a mail, as the store keeps it. None for a mail that no person wrote.
    pub fn to(mail: &[u8], provable: &Provable) -> Option<String> {
        if screen::automatic(mail, None).is_some() {
            return None;
        }
        let parsed = message::Message::parse_lenient(mail);
        let id = parsed.fields_named("Message-ID").next();
        let in_reply_to = id
            .and_then(|field| std::str::from_utf8(field.value()).ok())
            .map(str::trim)
            .filter(|id| id.len() < 250 && id.bytes().all(|b| b.is_ascii_graphic()));
        let reply = Reply {
            to: String::from_utf8(provable.view.address.clone()).ok()?,
            in_reply_to: in_reply_to.map(str::to_owned),
            subject: String::from_utf8(provable.view.subject.clone()).ok()?,
        };
        serde_json::to_string(&reply).ok()
    }
}

/// Answers mails.
pub struct Answers {
    store: Store,
    post: Post,
}

impl Answers {
    /// From where, and by which way.
    pub fn new(store: Store, post: Post) -> Answers {
        Answers { store, post }
    }

    /// Answers one mail that is over; false where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    ///
    /// [`Error::Database`]: crate::Error::Database
    pub async fn answer_one(&self) -> Result<bool> {
        let Some((reply, job)) = self.store.claim_answer().await? else { return Ok(false) };
        let Some(message) = self.message(&reply, &job) else {
            warn!(job = job.id, "no answer can be written");
            return Ok(true);
        };
        match self.post.send(message).await {
            Ok(()) => info!(job = job.id, "answered"),
            // It might have been taken all the same: a second one would be one too many.
            Err(_) => {
                metrics::counter!("relayer_answers_lost_total").increment(1);
                warn!(
                    job = job.id,
                    "the mail server did not take the answer; it is not sent again"
                );
            }
        }
        Ok(true)
    }

    fn message(&self, reply: &str, job: &Job) -> Option<Message> {
        let reply: Reply = serde_json::from_str(reply).ok()?;
        let mut builder =
            self.post.letter(&reply.to, "auto-replied")?.subject(format!("Re: {}", reply.subject));
        if let Some(id) = reply.in_reply_to {
            builder = builder.in_reply_to(id.clone()).references(id);
        }
        builder.body(text(job)).ok()
    }
}

/// What the answer says.
fn text(job: &Job) -> String {
    let what = match job.target.map(|target| target.errand) {
        Some(Errand::Accept) => "your acceptance as a guardian",
        Some(Errand::Cancel) => "your vote to cancel the recovery",
        _ => "your vote for the new key",
    };
    let mut text = match (&job.refused, job.state) {
        (Some(refused), _) => {
            let mut text = format!("Nothing was done: {}.\n", refused.detail);
            if !refused.hint.is_empty() {
                text += &format!("What to do: {}.\n", refused.hint);
            }
            text
        }
        (None, State::Final) => format!("It is done: {what} is on the chain.\n"),
        (None, _) => format!("Under way: {what}.\n"),
    };
    if let Some(target) = job.target {
        text += &format!("\nAccount: {}\nChain: {}\n", target.account, target.chain);
    }
    if let Some(from) = job.executable_from {
        text += &format!(
            "\nA recovery has started. The key can be replaced from {from} on (seconds since 1970, UTC); \
             until then the owner can cancel it, and guardians can by a mail whose Subject begins with \
             Cancel. This relayer completes it then, and so can anybody.\n"
        );
    }
    text + "\nThe mail that you sent was erased here.\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Refused;

    fn job() -> Job {
        Job {
            id: "j".into(),
            state: State::Final,
            target: None,
            proven: None,
            attempts: 0,
            transaction: None,
            executable_from: None,
            refused: None,
            age: 0,
        }
    }

    #[test]
    fn an_answer_says_what_happened_and_what_to_do() {
        assert!(text(&job()).contains("It is done"));
        let started = text(&Job { executable_from: Some(1_800_000_000), ..job() });
        assert!(started.contains("1800000000") && started.contains("Cancel"), "{started}");
        let refused = Refused::new("round-not-open", "no round is open", "ask again");
        let refused = text(&Job { state: State::Refused, refused: Some(refused), ..job() });
        assert!(refused.contains("Nothing was done") && refused.contains("ask again"), "{refused}");
    }
}
