//! The IMAP door: a mailbox of the operator's, at whatever provider, that is for the relayer alone. A mail is removed from it, or
//! moved, after it was taken in, so one that a process dies with is met again, and is known by its digest. One process at a time
//! looks, by a lease. It waits by IDLE (RFC 2177) where the server can.

use std::{future::Future, sync::Arc, time::Duration};

use async_imap::{error::Error as Refusal, types::Capabilities, Client, Session};
use futures_util::TryStreamExt;
use rustls::{
    pki_types::{pem::PemObject, CertificateDer, ServerName},
    ClientConfig, RootCertStore,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::{sleep, timeout},
};
use tokio_rustls::TlsConnector;
use tracing::{info, warn};
use zeroize::Zeroizing;

use super::Desk;
use crate::{
    config::ImapConfig,
    error::{Error, Result},
    store::{random_id, Arrival},
};

/// For one command and its answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to idle before looking again; the lease has to outlast it and some commands.
const IDLE: Duration = Duration::from_secs(30);
const LEASE_SECONDS: i64 = 300;
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Encrypted or, for trials, not.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug> Stream for S {}

type Open = Session<Box<dyn Stream>>;

/// Where the mailbox is, and how to get in.
#[derive(Clone)]
pub struct Mailbox {
    config: ImapConfig,
    password: Zeroizing<String>,
    tls: Arc<ClientConfig>,
}

/// Why the mailbox can't be used. Nothing of what the server says is in it: that may quote a mail, or the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The server can't be reached, or its certificate is not trusted.
    #[error("the IMAP server can't be reached, or its certificate is not trusted")]
    Unreachable,
    /// Name or password.
    #[error("the IMAP server does not take name and password")]
    Login,
    /// A folder.
    #[error("the IMAP server does not open the folder")]
    Folder,
    /// A command, or an answer.
    #[error("the IMAP server does not do what it was asked for")]
    Command,
    /// No answer.
    #[error("the IMAP server does not answer")]
    Silent,
}

impl Fault {
    /// A stable name.
    fn id(self) -> &'static str {
        match self {
            Fault::Unreachable => "imap-unreachable",
            Fault::Login => "imap-login",
            Fault::Folder => "imap-folder",
            Fault::Command => "imap-command",
            Fault::Silent => "imap-silent",
        }
    }
}

/// What keeps a round from its end.
enum Broken {
    Server(Fault),
    Here(Error),
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Broken {
        Broken::Server(fault)
    }
}

impl From<Error> for Broken {
    fn from(error: Error) -> Broken {
        Broken::Here(error)
    }
}

async fn within<T>(
    fault: Fault,
    step: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Fault> {
    let answered = timeout(PATIENCE, step).await.map_err(|_| Fault::Silent)?;
    answered.map_err(|error| match error {
        Refusal::Io(_) | Refusal::ConnectionLost => Fault::Unreachable,
        _ => fault,
    })
}

impl Mailbox {
    /// Reads password and certificates; nothing is asked yet.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] and [`Error::Files`].
    pub fn new(config: &ImapConfig) -> Result<Mailbox> {
        let mut roots = RootCertStore::empty();
        match &config.ca_file {
            Some(file) => {
                let place = file.display().to_string();
                let wrong = || Error::config(&place, "no certificate in PEM", "name the issuer's");
                let text = zkdkim_store::files::read_bounded(file, "a certificate", 1 << 20)?;
                for certificate in CertificateDer::pem_slice_iter(&text) {
                    roots.add(certificate.map_err(|_| wrong())?).map_err(|_| wrong())?;
                }
                if roots.is_empty() {
                    return Err(wrong());
                }
            }
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Ok(Mailbox { password: config.password()?, config: config.clone(), tls: Arc::new(tls) })
    }

    /// Gets in and opens the folder once.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with what the server refuses.
    pub async fn check(&self) -> Result<()> {
        let opened = async {
            let mut session = self.open().await?;
            // It was of use all the same.
            let _ = within(Fault::Command, session.logout()).await;
            Ok(())
        };
        opened.await.map_err(|fault: Fault| {
            let place = format!("imap, {}:{}", self.config.host, self.config.port);
            let hint = "look at host, port, user, password_file, folder and keep_in in [imap]";
            Error::config(place, fault.to_string(), hint)
        })
    }

    async fn open(&self) -> Result<Open, Fault> {
        let stream = timeout(PATIENCE, self.connect()).await.map_err(|_| Fault::Silent)??;
        let mut client = Client::new(stream);
        within(Fault::Unreachable, async { Ok(client.read_response().await?) })
            .await?
            .ok_or(Fault::Unreachable)?;
        let login = async {
            client.login(&self.config.user, &*self.password).await.map_err(|(error, _)| error)
        };
        let mut session = within(Fault::Login, login).await?;
        if let Some(folder) = &self.config.keep_in {
            // Where it is there already, that is an error.
            let _ = within(Fault::Folder, session.create(folder)).await;
            within(Fault::Folder, session.examine(folder)).await?;
        }
        within(Fault::Folder, session.select(&self.config.folder)).await?;
        Ok(session)
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, Fault> {
        let (host, port) = (self.config.host.as_str(), self.config.port);
        let stream = TcpStream::connect((host, port)).await.map_err(|_| Fault::Unreachable)?;
        if self.config.allow_insecure {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Fault::Unreachable)?;
        let stream = TlsConnector::from(self.tls.clone()).connect(name, stream).await;
        Ok(Box::new(stream.map_err(|_| Fault::Unreachable)?))
    }

    fn lease(&self) -> String {
        format!("imap {} {} {}", self.config.host, self.config.user, self.config.folder)
    }
}

/// Takes mails until told to stop; whatever fails is tried again, with pauses that grow.
///
/// # Errors
///
/// [`Error::Database`] where the lease can't be given back.
pub async fn serve(mailbox: Mailbox, desk: Desk, mut stop: watch::Receiver<bool>) -> Result<()> {
    let holder = random_id();
    let mut pause = mailbox.config.poll();
    while !*stop.borrow() {
        let round = tokio::select! {
            round = watched(&mailbox, &desk, &holder) => round,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        pause = match round {
            Ok(()) => mailbox.config.poll(),
            Err(broken) => {
                let (id, what) = match broken {
                    Broken::Server(fault) => (fault.id(), fault.to_string()),
                    Broken::Here(error) => (error.id(), error.to_string()),
                };
                metrics::counter!("relayer_faults_total", "error" => id).increment(1);
                warn!(error = id, what, "the mailbox was not looked into to the end");
                (2 * pause).min(LONGEST_PAUSE)
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    desk.store.let_go(&mailbox.lease(), &holder).await
}

/// Looks as long as the connection and the lease last.
async fn watched(mailbox: &Mailbox, desk: &Desk, holder: &str) -> Result<(), Broken> {
    if !desk.store.hold(&mailbox.lease(), holder, LEASE_SECONDS).await? {
        return Ok(());
    }
    let mut session = mailbox.open().await?;
    let able = within(Fault::Command, session.capabilities()).await?;
    loop {
        let all = look(mailbox, desk, &mut session, &able, holder).await?;
        session = match able.has_str("IDLE") && all {
            true => idle(session).await?,
            false => {
                sleep(mailbox.config.poll()).await;
                within(Fault::Command, session.noop()).await?;
                session
            }
        };
        if !desk.store.hold(&mailbox.lease(), holder, LEASE_SECONDS).await? {
            return Ok(());
        }
    }
}

async fn idle(session: Open) -> Result<Open, Fault> {
    let mut handle = session.idle();
    within(Fault::Command, handle.init()).await?;
    let (wait, _stop) = handle.wait_with_timeout(IDLE);
    // A server that only says that it is there keeps nobody longer.
    if let Ok(Err(_)) = timeout(IDLE, wait).await {
        return Err(Fault::Unreachable);
    }
    within(Fault::Command, handle.done()).await
}

/// Takes what is in the folder, the oldest first; false where there was no room for all of it.
async fn look(
    mailbox: &Mailbox,
    desk: &Desk,
    session: &mut Open,
    able: &Capabilities,
    holder: &str,
) -> Result<bool, Broken> {
    let mut last = 0;
    loop {
        let found = within(Fault::Command, session.uid_search("UNDELETED")).await?;
        // Later than those that were taken, whatever the server has left of them.
        let mut uids: Vec<u32> = found.into_iter().filter(|uid| *uid > last).collect();
        uids.sort_unstable();
        // What comes meanwhile is told of in answers to other commands, and not again while it idles.
        let Some(newest) = uids.last() else { return Ok(true) };
        last = *newest;
        for uid in uids {
            if !desk.store.hold(&mailbox.lease(), holder, LEASE_SECONDS).await? {
                return Ok(false);
            }
            let Some(mail) = fetch(session, uid, desk.max_mail_bytes).await? else { continue };
            if !take(desk, &mail).await? {
                return Ok(false);
            }
            within(Fault::Command, remove(mailbox, session, able, uid)).await?;
        }
    }
}

/// A mail, or its beginning where it is too long; none where it is gone.
async fn fetch(
    session: &mut Open,
    uid: u32,
    max_bytes: usize,
) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
    let part = format!("(UID BODY.PEEK[]<0.{}>)", max_bytes.saturating_add(1));
    let fetched = async {
        let answers = session.uid_fetch(uid.to_string(), part).await?;
        // Servers may tell of other mails in between.
        let ours = |answer: async_imap::types::Fetch| {
            let body = answer.body().filter(|_| answer.uid == Some(uid));
            std::future::ready(Ok(body.map(|body| Zeroizing::new(body.to_vec()))))
        };
        let found: Vec<_> = answers.try_filter_map(ours).try_collect().await?;
        Ok(found.into_iter().next())
    };
    within(Fault::Command, fetched).await
}

/// Takes a mail in, or drops what is of no use, as the other door to a mail server does; false where there is no room.
async fn take(desk: &Desk, mail: &[u8]) -> Result<bool> {
    let refused = match mail.len() > desk.max_mail_bytes {
        true => Some("too-long".to_owned()),
        false => desk.look(mail, None).await?.map(|refused| refused.reason),
    };
    if let Some(reason) = refused {
        info!(reason, "mail dropped");
        metrics::counter!("relayer_dropped_total", "reason" => reason).increment(1);
        return Ok(true);
    }
    if !desk.has_room().await? {
        return Ok(false);
    }
    desk.take(Arrival::Mail(mail), "imap").await?;
    Ok(true)
}

/// Moves a mail that is stored to where it is kept, or removes it.
async fn remove(
    mailbox: &Mailbox,
    session: &mut Open,
    able: &Capabilities,
    uid: u32,
) -> Result<(), Refusal> {
    let uid = uid.to_string();
    if let Some(folder) = &mailbox.config.keep_in {
        if able.has_str("MOVE") {
            return session.uid_mv(&uid, folder).await;
        }
        session.uid_copy(&uid, folder).await?;
    }
    let _: Vec<_> =
        session.uid_store(&uid, "+FLAGS.SILENT (\\Deleted)").await?.try_collect().await?;
    match able.has_str("UIDPLUS") {
        true => drop(session.uid_expunge(&uid).await?.try_collect::<Vec<_>>().await?),
        false => drop(session.expunge().await?.try_collect::<Vec<_>>().await?),
    }
    Ok(())
}
