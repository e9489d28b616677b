//! LMTP (RFC 2033), behind the operator's mail server: it has the retries, TLS, greylisting and the limits of strangers. What
//! is acknowledged is in the store.
//!
//! Mail that can't be of use is acknowledged and dropped: a refusal here would make the mail server write to a sender that
//! may be forged. One recipient to a transaction: the mail is one job.

use std::{sync::Arc, time::Duration};

use smtp_proto::{
    request::receiver::{DataReceiver, DummyDataReceiver, RequestReceiver},
    Error as ParseError, Request,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    sync::{watch, Semaphore},
    time::timeout,
};
use tracing::{info, warn};
use zeroize::Zeroizing;

use super::Desk;
use crate::{
    error::{Error, Result},
    job::Refused,
    store::Arrival,
};

const IDLE: Duration = Duration::from_secs(300);
const CONNECTIONS: usize = 64;
const CHUNK_BYTES: usize = 16 << 10;
/// Commands that make no sense, in one connection.
const MAX_ERRORS: usize = 20;

/// Takes mails in until told to stop.
///
/// # Errors
///
/// [`Error::Io`] where connections can't be taken any more.
pub async fn serve(
    listener: TcpListener,
    desk: Desk,
    mut stop: watch::Receiver<bool>,
) -> Result<()> {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let permit = room.clone().acquire_owned().await;
        let permit = permit.map_err(|e| Error::Ended { what: "LMTP", detail: e.to_string() })?;
        let connection = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return Ok(()),
        };
        let (stream, _) = match connection {
            Ok(connection) => connection,
            Err(error) => {
                // Out of file descriptors, say; others are served again when some are free.
                warn!(%error, "an LMTP connection was not taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (desk, mut stop) = (desk.clone(), stop.clone());
        tokio::spawn(async move {
            let _permit = permit;
            let mut session = Session::new(stream, desk);
            tokio::select! {
                // A peer that goes away is not worth a line.
                _ = session.run() => {}
                _ = stop.changed() => session.bye().await,
            }
        });
    }
}

/// One connection.
pub struct Session<S> {
    stream: S,
    desk: Desk,
    greeted: bool,
    from: Option<String>,
    recipients: usize,
}

enum Next {
    Command,
    Data,
    Close,
}

/// What became of a mail.
enum Outcome {
    Stored,
    OfNoUse(Refused),
    NoRoom,
}

/// What the bytes that come are.
enum Mode {
    Commands,
    Mail(DataReceiver, Vec<u8>),
    /// The rest of a mail that is too long: read, and not kept.
    TooLong(DummyDataReceiver),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// A connection that was just made.
    pub fn new(stream: S, desk: Desk) -> Session<S> {
        Session { stream, desk, greeted: false, from: None, recipients: 0 }
    }

    /// Speaks until the peer ends it.
    ///
    /// # Errors
    ///
    /// Those of the connection.
    pub async fn run(&mut self) -> std::io::Result<()> {
        self.say("220 LMTP zkdkim-relayer").await?;
        let mut receiver = RequestReceiver::default();
        let mut mode = Mode::Commands;
        let mut errors = 0;
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let got = match timeout(IDLE, self.stream.read(&mut chunk)).await {
                Ok(got) => got?,
                Err(_) => return self.say("421 4.4.2 idle for too long").await,
            };
            if got == 0 {
                return Ok(());
            }
            let mut bytes = chunk[..got].iter();
            while !bytes.as_slice().is_empty() {
                match &mut mode {
                    Mode::Commands => match receiver.ingest(&mut bytes) {
                        Ok(request) => match self.command(request.into_owned()).await? {
                            Next::Command => {}
                            Next::Data => mode = Mode::Mail(DataReceiver::new(), Vec::new()),
                            Next::Close => return Ok(()),
                        },
                        Err(ParseError::NeedsMoreData { .. }) => {}
                        Err(_) if errors == MAX_ERRORS => {
                            return self.say("421 4.7.0 too many errors").await;
                        }
                        Err(_) => {
                            errors += 1;
                            self.say("500 5.5.2 not understood").await?;
                        }
                    },
                    Mode::Mail(data, mail) => {
                        if data.ingest(&mut bytes, mail) {
                            let mail = Zeroizing::new(std::mem::take(mail));
                            mode = Mode::Commands;
                            self.deliver(&mail).await?;
                        } else if mail.len() > self.desk.max_mail_bytes {
                            mode = Mode::TooLong(DummyDataReceiver::new_data(data));
                        }
                    }
                    Mode::TooLong(data) => {
                        if data.ingest(&mut bytes) {
                            mode = Mode::Commands;
                            self.reset();
                            self.say("552 5.3.4 the mail is too long").await?;
                        }
                    }
                }
            }
        }
    }

    async fn command(&mut self, request: Request<String>) -> std::io::Result<Next> {
        let answer = match request {
            Request::Lhlo { .. } => {
                self.greeted = true;
                self.reset();
                let size = self.desk.max_mail_bytes;
                let extensions = format!(
                    "250-zkdkim-relayer\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n\
                     250 SIZE {size}"
                );
                self.say(&extensions).await?;
                return Ok(Next::Command);
            }
            Request::Ehlo { .. } | Request::Helo { .. } => "500 5.5.1 this is LMTP: say LHLO",
            Request::Quit => {
                self.say("221 2.0.0 bye").await?;
                return Ok(Next::Close);
            }
            Request::Noop { .. } => "250 2.0.0 ok",
            Request::Rset => {
                self.reset();
                "250 2.0.0 ok"
            }
            Request::Mail { .. } if !self.greeted => "503 5.5.1 say LHLO first",
            Request::Mail { .. } if self.from.is_some() => "503 5.5.1 one sender to a mail",
            Request::Mail { from } if from.size > self.desk.max_mail_bytes => {
                "552 5.3.4 the mail is too long"
            }
            Request::Mail { from } => {
                self.from = Some(from.address);
                "250 2.1.0 ok"
            }
            Request::Rcpt { .. } if self.from.is_none() => "503 5.5.1 say MAIL first",
            // The mail server sends it again for the next one, by itself.
            Request::Rcpt { .. } if self.recipients > 0 => "452 4.5.3 one recipient to a mail",
            Request::Rcpt { .. } => {
                self.recipients = 1;
                "250 2.1.5 ok"
            }
            Request::Data if self.recipients == 0 => "503 5.5.1 say RCPT first",
            Request::Data => {
                self.say("354 go on; end with a line that is a dot").await?;
                return Ok(Next::Data);
            }
            _ => "502 5.5.1 not known here",
        };
        self.say(answer).await?;
        Ok(Next::Command)
    }

    /// Stores a mail, or drops it, and says so.
    async fn deliver(&mut self, mail: &[u8]) -> std::io::Result<()> {
        let from = self.from.take().unwrap_or_default();
        self.reset();
        if mail.len() > self.desk.max_mail_bytes {
            return self.say("552 5.3.4 the mail is too long").await;
        }
        let stored = async {
            if let Some(refused) = self.desk.look(mail, Some(&from)).await? {
                return Ok(Outcome::OfNoUse(refused));
            }
            match self.desk.has_room().await? {
                true => self.desk.take(Arrival::Mail(mail), "lmtp").await.map(|_| Outcome::Stored),
                false => Ok(Outcome::NoRoom),
            }
        };
        match stored.await {
            Ok(Outcome::Stored) => self.say("250 2.0.0 taken").await,
            Ok(Outcome::OfNoUse(refused)) => {
                info!(reason = refused.reason, "mail dropped");
                metrics::counter!("relayer_dropped_total", "reason" => refused.reason).increment(1);
                self.say("250 2.0.0 taken, and of no use").await
            }
            Ok(Outcome::NoRoom) => self.say("452 4.3.1 too much is waiting; try again").await,
            Err(error) => {
                warn!(error = error.id(), %error, "a mail was not taken");
                self.say("451 4.3.0 not stored; try again").await
            }
        }
    }

    fn reset(&mut self) {
        self.from = None;
        self.recipients = 0;
    }

    /// Tells a peer that the program stops.
    pub async fn bye(&mut self) {
        // The peer may be gone.
        let _ = self.say("421 4.3.2 going down; try again").await;
    }

    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.stream.write_all(line.as_bytes()).await?;
        self.stream.write_all(b"\r\n").await?;
        self.stream.flush().await
    }
}
