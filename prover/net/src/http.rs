//! Requests with bounds: of time, of size, of whom to trust.

use std::{fmt, io::Read, sync::Arc, time::Duration};

use reqwest::{
    blocking::{Client, RequestBuilder},
    header::{ACCEPT, CONTENT_TYPE},
    redirect::Policy,
    Url,
};
use rustls::{
    pki_types::{pem::PemObject, CertificateDer},
    ClientConfig, RootCertStore,
};

use crate::error::{Error, Result};

/// Whether something is asked without TLS, where everybody on the way can read and answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainHttp {
    /// It is refused.
    #[default]
    Refused,
    /// It is asked: on this machine, or for development.
    AllowedInsecurely,
}

/// Whom to ask: a URL, of which only scheme, host and port are ever shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] for anything but `https://` with a host, or `http://` where that is allowed; where it holds a
    /// password or a fragment.
    pub fn parse(text: &str, plain: PlainHttp) -> Result<Endpoint> {
        let refuse = |detail: &str| Err(Error::Endpoint { detail: detail.into() });
        let url = Url::parse(text).map_err(|e| Error::Endpoint { detail: e.to_string() })?;
        match url.scheme() {
            "https" => {}
            "http" if plain == PlainHttp::AllowedInsecurely => {}
            "http" => return refuse("it is http://; only https:// is asked"),
            _ => return refuse("it does not begin with https://"),
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return refuse("it has a user, a password or a fragment");
        }
        Ok(Endpoint(url))
    }

    /// The same host with `path` behind the URL's own path.
    pub fn join(&self, path: &str) -> Endpoint {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}", path.trim_start_matches('/')));
        Endpoint(url)
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.origin())
    }
}

/// How to ask.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// A request may take so long, from the first byte sent to the last one read.
    pub timeout: Duration,
    /// Root certificates in PEM that are trusted besides Mozilla's.
    pub extra_roots: Vec<u8>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(10), extra_roots: Vec::new() }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// `Content-Type` without its parameters, lowered.
    pub content_type: String,
    /// The whole body.
    pub body: Vec<u8>,
}

/// A client; clones share its connections.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client,
    timeout: Duration,
}

impl Http {
    /// A client that follows no redirects and uses no proxy.
    ///
    /// # Errors
    ///
    /// [`Error::Roots`], [`Error::Client`].
    pub fn new(settings: &HttpSettings) -> Result<Http> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls(&settings.extra_roots)?)
            .timeout(settings.timeout)
            .connect_timeout(settings.timeout)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| Error::Client { detail: causes(&error) })?;
        Ok(Http { client, timeout: settings.timeout })
    }

    /// Gets a resource of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`], [`Error::TooLarge`]. An answer with any status is an answer.
    pub fn get(&self, from: &Endpoint, limit: usize) -> Result<Reply> {
        self.send(from, self.client.get(from.0.clone()), limit)
    }

    /// Posts a body and reads an answer of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// As [`Self::get`].
    pub fn post(
        &self,
        to: &Endpoint,
        content_type: &str,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<Reply> {
        let request = self.client.post(to.0.clone()).header(CONTENT_TYPE, content_type);
        self.send(to, request.header(ACCEPT, content_type).body(body), limit)
    }

    fn send(&self, to: &Endpoint, request: RequestBuilder, limit: usize) -> Result<Reply> {
        let origin = to.origin();
        let response = request.send().map_err(|error| {
            let detail = match error.is_timeout() {
                true => format!("no answer within {} s", self.timeout.as_secs_f32()),
                false => causes(&error.without_url()),
            };
            Error::Unreachable { origin: origin.clone(), detail }
        })?;
        let status = response.status().as_u16();
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let content_type = content_type.and_then(|v| v.split(';').next()).unwrap_or_default();
        let content_type = content_type.trim().to_ascii_lowercase();
        let mut body = Vec::new();
        let mut reader = response.take(limit as u64 + 1);
        reader.read_to_end(&mut body).map_err(|error| Error::Unreachable {
            origin: origin.clone(),
            detail: format!("the answer breaks off: {error}"),
        })?;
        match body.len() > limit {
            true => Err(Error::TooLarge { origin, limit }),
            false => Ok(Reply { status, content_type, body }),
        }
    }
}

/// Mozilla's roots and those that are given; TLS 1.2 and 1.3.
fn tls(extra_roots: &[u8]) -> Result<ClientConfig> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let bad = |detail: String| Error::Roots { detail };
    for certificate in CertificateDer::pem_slice_iter(extra_roots) {
        let certificate = certificate.map_err(|error| bad(error.to_string()))?;
        roots.add(certificate).map_err(|error| bad(error.to_string()))?;
    }
    if !extra_roots.is_empty() && roots.len() == webpki_roots::TLS_SERVER_ROOTS.len() {
        return Err(bad("no certificate in PEM among them".into()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| Error::Client { detail: error.to_string() })?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// An error with its causes, on one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        cause = error.source();
    }
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tls_unless_it_is_said() {
        let parse = |text: &str| Endpoint::parse(text, PlainHttp::Refused);
        assert_eq!(parse("https://a.example:8443/key").unwrap().origin(), "https://a.example:8443");
        for bad in [
            "http://a.example",
            "ftp://a.example",
            "a.example",
            "https://u:p@a.example",
            "https://",
        ] {
            assert!(matches!(parse(bad), Err(Error::Endpoint { .. })), "{bad}");
        }
        let plain = Endpoint::parse("http://127.0.0.1:1", PlainHttp::AllowedInsecurely).unwrap();
        assert_eq!(plain.join("/v1/x").0.as_str(), "http://127.0.0.1:1/v1/x");
    }

    #[test]
    fn neither_texts_nor_debug_show_a_path() {
        let endpoint = Endpoint::parse("https://127.0.0.1:1/secret", PlainHttp::Refused).unwrap();
        assert!(!format!("{endpoint:?}").contains("secret"));
        let http = Http::new(&HttpSettings::default()).unwrap();
        let error = http.get(&endpoint, 10).unwrap_err();
        assert!(matches!(&error, Error::Unreachable { .. }), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn roots_that_are_none_are_refused() {
        for bad in [&b"x"[..], b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let settings = HttpSettings { extra_roots: bad.to_vec(), ..HttpSettings::default() };
            assert!(matches!(Http::new(&settings), Err(Error::Roots { .. })));
        }
    }
}
