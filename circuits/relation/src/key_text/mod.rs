//! Key records as tools print them: from whatever was copied to the text of TXT records.
//!
//! RFC 6376 §3.6.1 says what a record holds, not how `dig`, a zone file, a resolver's library or a
//! web form shows it. What has one meaning is read; the rest is refused by the name of what it is,
//! with what to give instead. Nothing here decides whether a key is good: that is
//! [`super::key_record`], which sees the text that comes out.
//!
//! | form | example |
//! | --- | --- |
//! | the record | `v=DKIM1; k=rsa; p=MII…` |
//! | character strings (RFC 1035 §5.1) | `"v=DKIM1\; p=MII" "…"`, also in `( )` |
//! | a zone file, `dig`, `host`, `nslookup` | `s._domainkey.example.org. 300 IN TXT "…"` |
//! | a list of pieces, `resolveTxt` of Node | `[ [ 'v=DKIM1; p=MII', '…' ] ]` |
//! | DNS over HTTPS in JSON | `{"Status":0,"Answer":[{"name":"…","type":16,"data":"…"}]}` |
//! | the recorded form | `{"s._domainkey.example.org": "v=DKIM1; k=rsa; p=MII…"}` |
//! | a bare key | base64 or PEM of a SubjectPublicKeyInfo or an RSAPublicKey |

mod list;
mod name;
mod pieces;
mod zone;

pub(crate) use list::is_dns_over_https;
pub use list::Records;
pub use name::{key_owner, plain_name, signing_domain};
pub(crate) use pieces::group;
pub use pieces::MAX_RECORD_BYTES;

use std::fmt;

/// Longer texts are refused unread; a file of records is cut into texts first.
pub const MAX_TEXT_BYTES: usize = 1 << 16;

/// How a record was written down.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The record itself, with or without quotes.
    Record,
    /// Lines of a zone file, of `dig`, `host` or `nslookup`.
    Zone,
    /// A list of pieces or of lists of pieces.
    List,
    /// JSON of DNS over HTTPS.
    DnsOverHttps,
    /// The form in which this project keeps records: JSON from names to records.
    Recorded,
    /// PEM, with its label.
    Pem,
    /// Base64 of a key without a record around it.
    Base64,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Record => "a key record",
            Form::Zone => "lines of a zone file or of a DNS tool",
            Form::List => "a list of a record's pieces",
            Form::DnsOverHttps => "an answer of DNS over HTTPS",
            Form::Recorded => "JSON from names to records",
            Form::Pem => "a key in PEM",
            Form::Base64 => "a key in base64",
        })
    }
}

/// One TXT record: its pieces joined, without quotes and escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxtRecord {
    /// The owner's name, lower case and without the final dot, where the text gives it whole.
    pub name: Option<String>,
    /// The content, such as `v=DKIM1; k=rsa; p=…`.
    pub text: String,
}

/// What a text turned out to be, and the records in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// How the records were written down.
    pub form: Form,
    /// The TXT records, in order.
    pub records: Vec<TxtRecord>,
    /// Names that stand for other names (CNAME), each with its target.
    pub aliases: Vec<(String, String)>,
}

/// What was recognised instead of a key record, and what to give.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Unreadable {
    /// What the text is, or what is wrong with it.
    pub what: String,
    /// What to give instead.
    pub hint: String,
}

impl Unreadable {
    pub(crate) fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }
}

const AS_PUBLISHED: &str = "give the TXT record as published, `v=DKIM1; k=rsa; p=…`";
const ASK_FOR: &str = "ask for SELECTOR._domainkey.DOMAIN, as s= and d= of the signature name them";
/// The hint where a record is good and the name is missing that it is published under.
pub const WITH_NAME: &str = "give each record with its name, as JSON: \
                             {\"SELECTOR._domainkey.DOMAIN\": \"v=DKIM1; k=rsa; p=…\"}";

/// Reads every TXT record in a text.
pub fn read(input: &str) -> Result<Reading, Unreadable> {
    if input.len() > MAX_TEXT_BYTES {
        return Err(Unreadable::new(format!("a record of {} bytes", input.len()), AS_PUBLISHED));
    }
    read_all(input)
}

/// Reads every TXT record in a text of any length.
pub(crate) fn read_all(input: &str) -> Result<Reading, Unreadable> {
    let text = bare(input);
    if text.is_empty() {
        return Err(Unreadable::new("an empty text", AS_PUBLISHED));
    }
    if let Some(odd) = text.chars().find(|c| !c.is_ascii()) {
        return Err(foreign_character(odd));
    }
    if text.contains("-----BEGIN ") {
        return pem(text).map(|text| reading(Form::Pem, text));
    }
    if list::begins(text) {
        return list::read(text);
    }
    if let Some((what, hint)) = something_else(text) {
        return Err(Unreadable::new(what, hint));
    }
    if is_key(text) {
        return Ok(reading(Form::Base64, format!("p={text}")));
    }
    if let Some(found) = zone::read(text)? {
        return Ok(found);
    }
    let texts = pieces::read(text)?;
    let records = texts.into_iter().map(|text| TxtRecord { name: None, text }).collect();
    Ok(Reading { form: Form::Record, records, aliases: Vec::new() })
}

/// The one key record in a text. Other TXT records that stand beside it are passed over.
pub fn single(input: &str) -> Result<TxtRecord, Unreadable> {
    let reading = read(input)?;
    let mut records = reading.records;
    if records.len() > 1 {
        records.retain(|record| looks_like_key_record(&record.text));
    }
    match records.len() {
        1 => Ok(records.remove(0)),
        0 => Err(Unreadable::new(format!("{} without a key record", reading.form), AS_PUBLISHED)),
        n => Err(Unreadable::new(
            format!("{n} key records"),
            "give one of them; a domain may have several keys, each under its own selector",
        )),
    }
}

/// The signing domain in the name under which a text shows its one key record; none where it shows no
/// whole name. An alias counts by the name that it stands at, not by the one that it leads to.
pub fn domain_of_record(input: &str) -> Option<String> {
    let reading = read(input).ok()?;
    let aliases = reading.aliases.iter().map(|(name, _)| name.as_str());
    let names = aliases.chain(reading.records.iter().filter_map(|record| record.name.as_deref()));
    names.filter_map(key_owner).map(|(_, domain)| domain.to_owned()).next()
}

/// Whether a TXT record is meant as a key record, good or bad. DMARC has a `p=` as well, and another `v=`.
pub(crate) fn looks_like_key_record(text: &str) -> bool {
    match text.split(';').next().and_then(|tag| tag.split_once('=')) {
        Some((name, version)) if name.trim().eq_ignore_ascii_case("v") => {
            version.trim().get(..3).is_some_and(|v| v.eq_ignore_ascii_case("dki"))
        }
        _ => text.split(';').any(|tag| tag_name(tag) == Some("p")),
    }
}

fn tag_name(tag: &str) -> Option<&str> {
    tag.split_once('=').map(|(name, _)| name.trim())
}

fn reading(form: Form, text: String) -> Reading {
    Reading { form, records: vec![TxtRecord { name: None, text }], aliases: Vec::new() }
}

/// Without surrounding white space, a byte order mark, single quotes of a shell and the marks of code in a text.
fn bare(input: &str) -> &str {
    let mut text = input.trim().trim_start_matches('\u{feff}').trim();
    let within = |text: &'_ str, quote: char| {
        text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)).map(str::len)
    };
    while let Some(len) = within(text, '\'').or_else(|| within(text, '`')) {
        text = text[1..1 + len].trim();
    }
    text
}

/// Texts by what they look like, where that is no record at all.
fn something_else(text: &str) -> Option<(&'static str, &'static str)> {
    if text.starts_with("ssh-") {
        return Some(("an SSH key", AS_PUBLISHED));
    }
    if text.starts_with('<') || text.contains("&quot;") {
        return Some((
            "HTML",
            "copy the record from the page as it is shown, or from the DNS itself",
        ));
    }
    if text.starts_with("https://") || text.starts_with("http://") {
        return Some(("a URL", "give what stands there"));
    }
    let one_word = !text.contains(char::is_whitespace);
    if one_word && !text.contains(['=', '"']) && key_owner(&plain_name(text)).is_some() {
        return Some(("the name of a record", "give the TXT record that is published there"));
    }
    if one_word && text.contains(['-', '_']) && is_key(&text.replace(['-', '_'], "+")) {
        return Some(("a key in base64url", "give it in base64, or in PEM"));
    }
    let first = text.split(':').next().unwrap_or_default();
    if ["dkim-signature", "received", "return-path", "delivered-to", "from", "subject"]
        .iter()
        .any(|name| first.eq_ignore_ascii_case(name))
    {
        return Some(("a mail", "give the key record of the mail's signature here"));
    }
    if text.contains("Strings") && text.contains('{') {
        let hint = "give what `(Resolve-DnsName NAME -Type TXT).Strings` prints, or nslookup";
        return Some(("the table of Resolve-DnsName, which cuts records off", hint));
    }
    None
}

fn foreign_character(odd: char) -> Unreadable {
    let what = match odd {
        '“' | '”' | '„' | '‟' | '‘' | '’' | '«' | '»' => "a typographic quote",
        '\u{a0}' | '\u{2007}' | '\u{202f}' => "a no-break space",
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => "an invisible character",
        '…' => "an ellipsis",
        _ => "a character",
    };
    Unreadable::new(
        format!("{what} (U+{:04X}) that no key record holds", odd as u32),
        "copy the record as plain text from the DNS itself, whole; a word processor or a web page \
         changed it",
    )
}

/// A DER sequence in base64 begins with `M`; nothing but base64 may follow.
fn is_key(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let base64 =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/') || b.is_ascii_whitespace();
    text.starts_with('M') && text.len() >= 12 && body.bytes().all(base64)
}

/// The base64 of the one public key in PEM (RFC 7468 §13, RFC 8017 A.1.1), as a record.
fn pem(text: &str) -> Result<String, Unreadable> {
    const BEGIN: &str = "-----BEGIN ";
    let public = "give the public key, -----BEGIN PUBLIC KEY-----, or the TXT record";
    let mut blocks = text.split(BEGIN);
    let before = blocks.next().unwrap_or_default();
    let (Some(block), None) = (blocks.next(), blocks.next()) else {
        return Err(Unreadable::new("several keys in PEM", public));
    };
    let (label, rest) = block.split_once("-----").unwrap_or((block, ""));
    if label.contains("PRIVATE KEY") {
        let hint = "never hand it out; `openssl rsa -in FILE -pubout` writes the public key";
        return Err(Unreadable::new("a private key in PEM", hint));
    }
    if label != "PUBLIC KEY" && label != "RSA PUBLIC KEY" {
        let label: String = label.chars().take(40).collect();
        return Err(Unreadable::new(format!("PEM of a {label}"), public));
    }
    // Some copies keep the line ends as the two characters `\n`.
    let rest = rest.replace("\\n", "\n").replace("\\r", "");
    match rest.split_once("-----END ") {
        Some((body, after))
            if before.trim().is_empty() && after.trim() == format!("{label}-----") =>
        {
            Ok(format!("p={body}"))
        }
        Some(_) => Err(Unreadable::new("text around a key in PEM", public)),
        None => Err(Unreadable::new("a key in PEM that is cut off", public)),
    }
}

#[cfg(test)]
mod tests;
