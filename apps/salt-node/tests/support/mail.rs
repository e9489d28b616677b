//! A provider, its key records, and mails that it signs.

#[path = "../../../../salt/tests/support/signer.rs"]
mod signer;

pub use signer::record;
use zkdkim_relation::{inspect, DnsRecords, Provable};

/// What no log and no metric may hold; nor may its parts.
pub const LOCAL_PART: &str = "ann-of-the-hidden-mailbox";
pub const DOMAIN: &str = "provider-nobody-names.example";
pub const KEY_NAME: &str = "s1._domainkey.provider-nobody-names.example";

pub fn address() -> String {
    format!("{LOCAL_PART}@{DOMAIN}")
}

/// What DNS has under a name.
pub fn zone(name: &str) -> Vec<String> {
    if name == KEY_NAME {
        vec![record()]
    } else {
        vec![]
    }
}

/// A mail to oneself with this Subject, signed; `tags` are more tags, such as `t=5; `.
pub fn mail(subject: &str, tags: &str) -> Vec<u8> {
    let address = address();
    let fields = format!("From: Ann <{address}>\r\nTo: {address}\r\nSubject: {subject}\r\n");
    signer::sign(&fields, DOMAIN, tags)
}

/// The same, inspected, with all rules kept.
pub fn provable(subject: &str, tags: &str) -> Box<Provable> {
    let mut dns = DnsRecords::default();
    dns.add(KEY_NAME, record());
    inspect(&mail(subject, tags), &dns, None).verdict.expect("a mail that can be proved")
}
