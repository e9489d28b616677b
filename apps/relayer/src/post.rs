//! Mails that go out, through the operator's mail server beside this program: what leaves the machine is that server's matter.

use lettre::{
    message::{header, Mailbox, MessageBuilder},
    transport::smtp::{client::Tls, AsyncSmtpTransport},
    AsyncTransport, Message, Tokio1Executor,
};

use crate::{
    config::AnswersConfig,
    error::{Error, Result},
};

/// Hands mails over.
#[derive(Clone)]
pub struct Post {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Why a mail was not handed over. What the server says is in neither: it may quote the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// The server will not take it.
    ForGood,
    /// It may take it later, or took it and could not say so.
    Perhaps,
}

impl Post {
    /// Through which server, and from whom.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for an address that is none.
    pub fn new(config: &AnswersConfig) -> Result<Post> {
        let from = config.from.parse().map_err(|_| {
            let hint = "name the address that answers come from";
            Error::config("answers, from", "no mail address", hint)
        })?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(Tls::None)
            .build();
        Ok(Post { transport, from })
    }

    /// The domain that mails come from.
    pub fn domain(&self) -> &str {
        self.from.email.domain()
    }

    /// The head of a mail from here; `why` stands in `Auto-Submitted` (RFC 3834), so that nobody's machine answers it. None for
    /// an address that is none.
    pub fn letter(&self, to: &str, why: &str) -> Option<MessageBuilder> {
        let automatic = header::HeaderName::new_from_ascii_str("Auto-Submitted");
        let builder = MessageBuilder::new()
            .from(self.from.clone())
            .to(to.parse().ok()?)
            .header(header::ContentType::TEXT_PLAIN)
            .raw_header(header::HeaderValue::new(automatic, why.into()));
        Some(builder)
    }

    /// Hands a mail over.
    ///
    /// # Errors
    ///
    /// [`Unsent`].
    pub async fn send(&self, message: Message) -> Result<(), Unsent> {
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(Unsent::ForGood),
            Err(_) => Err(Unsent::Perhaps),
        }
    }
}
