//! Webhooks: whoever asked for it is called when a job moves, signed as the
//! [Standard Webhooks](https://www.standardwebhooks.com) are: `webhook-id`, `webhook-timestamp` and `webhook-signature`, which is
//! `v1,` and the HMAC-SHA256 of `ID.TIMESTAMP.BODY` in Base64. A call is made in the commit in which the job moves, tried until it is
//! taken or [`PAUSES_SECONDS`] are over, and may come twice, with the same id; calls may overtake one another.
//!
//! URLs come from strangers, so they lead to public addresses over HTTPS, whatever their names resolve to, and to no redirect.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::prelude::{Engine, BASE64_STANDARD};
use hmac::{Hmac, Mac};
use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    header::CONTENT_TYPE,
    redirect::Policy,
    Client, StatusCode, Url,
};
use serde_json::json;
use sha2::Sha256;
use tracing::{info, warn};

use crate::{
    error::{Error, Result},
    store::{Call, Store},
};

/// How long to wait before a call is tried again, the first time, the second, and so on; then it is given up.
pub const PAUSES_SECONDS: [i64; 9] = [5, 30, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000];
const TIMEOUT: Duration = Duration::from_secs(10);
const LEASE_SECONDS: i64 = 60;
/// Longest URL, in bytes.
const MAX_URL_BYTES: usize = 1024;

/// Where calls may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Over HTTPS, to public addresses.
    Public,
    /// Over HTTPS, to any address: the operator named it.
    Anywhere,
    /// Over HTTP too, for trials on one machine.
    Insecure,
}

/// A URL that may be called.
///
/// # Errors
///
/// What is wrong with it.
pub fn url(text: &str, reach: Reach) -> Result<Url, &'static str> {
    if text.len() > MAX_URL_BYTES {
        return Err("the URL is longer than 1,024 bytes");
    }
    let url: Url = text.parse().map_err(|_| "no URL")?;
    if url.scheme() != "https" && !(url.scheme() == "http" && reach == Reach::Insecure) {
        return Err("the URL is not one of https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL has a name or a password in it");
    }
    let host = url.host_str().ok_or("the URL names no host")?;
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if reach == Reach::Public && literal.is_ok_and(|address| !is_public(address)) {
        return Err("the URL leads to no public address");
    }
    Ok(url)
}

/// Whether an address belongs to the public network: unicast, and assigned to nobody's inside, no test and no tunnel (IANA's
/// registries of special-purpose addresses, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 224)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Of 2000::/3, without IETF's own, documentation and 6to4. Addresses of IPv4 in other forms are outside of it.
    a & 0xe000 == 0x2000
        && !(a == 0x2001 && b < 0x200)
        && (a, b) != (0x2001, 0xdb8)
        && a != 0x2002
        && !(a == 0x3fff && b < 0x1000)
}

/// Asks the system, and forgets what is not public: a name can lead inside as well as a number can.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|at| is_public(at.ip())).collect();
            if public.is_empty() {
                return Err("no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Makes calls.
#[derive(Clone)]
pub struct Webhooks {
    store: Store,
    /// For URLs of wallets.
    strangers: Client,
    /// For URLs of the operator.
    own: Client,
    reach: Reach,
}

/// What became of a call.
enum Answered {
    Taken,
    Gone,
    Not,
}

impl Webhooks {
    /// `reach` is that of wallets.
    ///
    /// # Errors
    ///
    /// Where the system gives no client.
    pub fn new(store: Store, reach: Reach) -> Result<Webhooks> {
        let client = || {
            Client::builder()
                .timeout(TIMEOUT)
                .redirect(Policy::none())
                .no_proxy()
                .pool_max_idle_per_host(0)
                .https_only(reach != Reach::Insecure)
                .user_agent("zkdkim-relayer")
        };
        let fault = |error: reqwest::Error| Error::Ended {
            what: "the client of webhooks",
            detail: error.without_url().to_string(),
        };
        let strangers = match reach {
            Reach::Public => client().dns_resolver(PublicOnly),
            Reach::Anywhere | Reach::Insecure => client(),
        };
        let strangers = strangers.build().map_err(fault)?;
        Ok(Webhooks { store, strangers, own: client().build().map_err(fault)?, reach })
    }

    /// Makes one call that is due; false where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn call_one(&self) -> Result<bool> {
        let Some(call) = self.store.claim_call(LEASE_SECONDS).await? else { return Ok(false) };
        let body = self.body(&call).await?;
        match self.call(&call, body).await {
            Answered::Taken => {
                metrics::counter!("relayer_webhooks_total").increment(1);
                self.store.end_call(&call.id).await?;
            }
            Answered::Gone => {
                info!(hook = call.hook.id, "a webhook wants no calls any more");
                if !call.operator {
                    self.store.unhook(&call.hook.id).await?;
                }
                self.store.end_call(&call.id).await?;
            }
            Answered::Not => {
                match usize::try_from(call.attempts - 1).ok().and_then(|at| PAUSES_SECONDS.get(at))
                {
                    Some(pause) => self.store.put_off_call(&call.id, *pause).await?,
                    None => {
                        warn!(hook = call.hook.id, "a webhook does not answer; a call is given up");
                        metrics::counter!("relayer_webhooks_lost_total").increment(1);
                        self.store.end_call(&call.id).await?;
                    }
                }
            }
        }
        Ok(true)
    }

    /// What is said: no address, nothing of the mail, and not the id that gives access to the request.
    async fn body(&self, call: &Call) -> Result<String> {
        let job = self.store.job(&call.job).await?;
        let action = job.as_ref().and_then(|job| job.target).map(|target| target.errand.name());
        let refused = job.as_ref().and_then(|job| job.refused.as_ref());
        let over = call.state.is_over();
        let body = json!({
            "type": "job.moved",
            "timestamp": call.created,
            "data": {
                "webhook": call.hook.id,
                "job": call.job,
                "action": action,
                "state": call.state.name(),
                "reason": refused.filter(|_| over).map(|refused| &refused.reason),
                "executable_from": job.as_ref().filter(|_| over).and_then(|job| job.executable_from),
            },
        });
        Ok(body.to_string())
    }

    async fn call(&self, call: &Call, body: String) -> Answered {
        let (client, reach) = match (call.operator, self.reach) {
            (true, Reach::Public) => (&self.own, Reach::Anywhere),
            (true, reach) => (&self.own, reach),
            (false, reach) => (&self.strangers, reach),
        };
        // It was looked at when it was named; the configuration may be another now.
        let Ok(url) = url(&call.hook.url, reach) else { return Answered::Not };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let request = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &call.id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", signature(&call.hook.secret, &call.id, now, &body));
        // Of the answer the status is enough; the rest is not read.
        match request.body(body).send().await.map(|response| response.status()) {
            Ok(StatusCode::GONE) => Answered::Gone,
            Ok(status) if status.is_success() => Answered::Taken,
            _ => Answered::Not,
        }
    }
}

/// `v1,` and Base64.
fn signature(secret: &[u8], id: &str, timestamp: u64, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// A secret as it is shown and read: `whsec_` and Base64.
pub fn spelt(secret: &[u8]) -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(secret))
}

/// The secret that a text spells, of 24 to 64 bytes.
pub fn secret(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64_STANDARD.decode(text.trim().strip_prefix("whsec_")?).ok()?;
    (24..=64).contains(&bytes.len()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_have_public_addresses_called_over_https() {
        for good in
            ["https://wallet.example/hook?x=1", "https://8.8.8.8/", "https://[2606:4700::1]:8443/"]
        {
            assert!(url(good, Reach::Public).is_ok(), "{good}");
        }
        for bad in [
            "",
            "wallet.example",
            "http://wallet.example/",
            "ftp://wallet.example/",
            "https://user@wallet.example/",
            "https://:pass@wallet.example/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00::1]/",
            "https://[64:ff9b::a00:1]/",
        ] {
            assert!(url(bad, Reach::Public).is_err(), "{bad}");
        }
        assert!(
            url(&format!("https://wallet.example/{}", "x".repeat(1024)), Reach::Public).is_err()
        );
        assert!(url("https://10.0.0.1/", Reach::Anywhere).is_ok());
        assert!(url("http://10.0.0.1/", Reach::Anywhere).is_err());
        assert!(url("http://127.0.0.1:80/", Reach::Insecure).is_ok());
    }

    #[test]
    fn special_addresses_are_not_public() {
        for special in [
            "0.1.2.3",
            "10.1.1.1",
            "100.64.0.1",
            "127.1.2.3",
            "169.254.0.1",
            "172.16.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "64:ff9b::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::",
            "3fff::1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
        for public in
            ["1.1.1.1", "100.128.0.1", "172.32.0.1", "198.20.0.1", "2606:4700::1", "2a00::1"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_leads_nowhere() {
        let name: Name = "localhost".parse().unwrap();
        assert!(PublicOnly.resolve(name).await.is_err());
    }

    /// The example of the Standard Webhooks' specification.
    #[test]
    fn a_call_is_signed_as_the_specification_does() {
        let secret = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(
            &secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        for bad in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA", "whsec_!"] {
            assert_eq!(super::secret(bad), None, "{bad}");
        }
    }
}
