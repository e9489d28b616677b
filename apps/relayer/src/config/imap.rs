//! A mailbox that is looked into.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;
use zeroize::Zeroizing;

use super::secret_text;
use crate::error::{Error, Result};

/// A mailbox of the operator's, for the relayer alone: what is taken from it, or of no use, is removed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImapConfig {
    /// The server's name, which its certificate has to be for.
    pub host: String,
    /// Its port, with TLS from the first byte on.
    #[serde(default = "default_imap_port")]
    pub port: u16,
    /// Whose mailbox.
    pub user: String,
    /// A file with the password, readable by its owner alone.
    pub password_file: PathBuf,
    /// The folder.
    #[serde(default = "default_folder")]
    pub folder: String,
    /// A folder that mails are moved to, in place of being removed.
    pub keep_in: Option<String>,
    /// Who may have issued the certificate, in PEM; the system's roots where none is named.
    pub ca_file: Option<PathBuf>,
    /// Seconds between two looks, where the server does not tell of new mail, and before another try.
    #[serde(default = "default_imap_poll")]
    pub poll_seconds: u32,
    /// No TLS, for trials: whoever is in between reads password and mails.
    #[serde(default)]
    pub allow_insecure: bool,
}

fn default_imap_port() -> u16 {
    993
}

fn default_folder() -> String {
    "INBOX".into()
}

fn default_imap_poll() -> u32 {
    30
}

impl ImapConfig {
    /// Time between two looks.
    pub fn poll(&self) -> Duration {
        Duration::from_secs(self.poll_seconds.into())
    }

    /// The password.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a file that others can read, or that has none. Never quotes it.
    pub fn password(&self) -> Result<Zeroizing<String>> {
        let text = secret_text(&self.password_file, "whoever has the password reads the mails")?;
        let place = self.password_file.display().to_string();
        match text.is_empty() {
            false => Ok(text),
            true => Err(Error::config(place, "no password in UTF-8", "write it into the file")),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.poll_seconds == 0 {
            return Err(Error::config("imap, poll_seconds", "it is 0", "give at least 1"));
        }
        if self.keep_in.as_ref() == Some(&self.folder) {
            let detail = "mails would be moved to where they are";
            return Err(Error::config("imap, keep_in", detail, "name another folder"));
        }
        Ok(())
    }
}
