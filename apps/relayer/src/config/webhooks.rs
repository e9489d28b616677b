//! Who is called when jobs move.

use std::path::PathBuf;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::secret_text;
use crate::{
    error::{Error, Result},
    store::Hook,
    webhook::{self, Reach},
};

/// Who is called when jobs move.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhooksConfig {
    /// Whether wallets may name a URL with a request.
    pub requests: bool,
    /// Whether URLs may be of http and lead to addresses that are not public: for trials.
    pub allow_insecure: bool,
    /// The operator's own, which are called for all jobs.
    pub own: Vec<WebhookConfig>,
}

/// A URL of the operator's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Where.
    pub url: String,
    /// A file with the secret that calls are signed with, `whsec_` and Base64, readable by its owner alone.
    pub secret_file: PathBuf,
}

impl WebhooksConfig {
    /// Which URLs wallets may name.
    pub fn reach(&self) -> Reach {
        match self.allow_insecure {
            true => Reach::Insecure,
            false => Reach::Public,
        }
    }

    /// The operator's own, with their secrets.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a URL that is not called, and for a file that others can read or that holds no secret. Never
    /// quotes it.
    pub fn hooks(&self) -> Result<Vec<Hook>> {
        let reach = if self.allow_insecure { Reach::Insecure } else { Reach::Anywhere };
        let hook = |own: &WebhookConfig| {
            let of_url = |detail: &str| {
                Error::config(
                    "webhooks, own, url",
                    detail,
                    "name a URL of https, without a password",
                )
            };
            webhook::url(&own.url, reach).map_err(of_url)?;
            let text = secret_text(&own.secret_file, "whoever has the secret can make up calls")?;
            let secret = webhook::secret(&text).ok_or_else(|| {
                let hint = "put whsec_ and the Base64 of 24 to 64 random bytes into it";
                Error::config(own.secret_file.display().to_string(), "no secret of a webhook", hint)
            })?;
            let id = hex::encode(&Sha256::digest(&own.url)[..16]);
            Ok(Hook { id, url: own.url.clone(), secret: secret.into() })
        };
        self.own.iter().map(hook).collect()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn webhooks_of_the_operator_have_urls_and_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let secret_file = folder.path().join("secret");
        std::fs::write(&secret_file, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let mode = |mode| {
            std::fs::set_permissions(&secret_file, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let hooks = |url: &str| {
            let own = WebhookConfig { url: url.into(), secret_file: secret_file.clone() };
            WebhooksConfig { own: vec![own], ..WebhooksConfig::default() }.hooks()
        };
        let refused = |url: &str| hooks(url).err().unwrap().to_string();
        mode(0o644);
        assert!(refused("https://10.0.0.1/").contains("chmod 600"));
        mode(0o600);
        assert_eq!(hooks("https://10.0.0.1/").unwrap()[0].secret.len(), 24);
        assert!(refused("http://10.0.0.1/").contains("webhooks, own, url"));
        std::fs::write(&secret_file, "whsec_c2VjcmV0").unwrap();
        let error = refused("https://10.0.0.1/");
        assert!(error.contains("no secret") && !error.contains("c2Vj"), "{error}");
    }
}
