//! The author of a message: the statement's, and those that other parsers see.

use zkdkim_relation::{
    dkim::{signature_fields, SignatureField},
    header,
    message::Message,
};

/// What another parser makes of a From.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The same address, and no other.
    Same,
    /// None at all: it refuses the message or its From.
    Nobody,
    /// Other or more addresses.
    Others(Vec<String>),
}

impl Seen {
    fn of(addresses: Vec<String>, proved: &str) -> Self {
        match &addresses[..] {
            [] => Seen::Nobody,
            [one] if one.eq_ignore_ascii_case(proved) => Seen::Same,
            _ => Seen::Others(addresses),
        }
    }
}

/// Another parser: its name, and the addresses of the authors that it sees.
pub type Parser = (&'static str, fn(&[u8]) -> Vec<String>);

/// The parsers that need nothing but Rust.
pub const PARSERS: [Parser; 2] = [("mail-parser", mail_parser), ("mailparse", mailparse)];

/// The address that a proof of this message would show, if its signature were good.
pub fn proved(message: &[u8]) -> Option<String> {
    let message = Message::parse(message).ok()?;
    let [field] = signature_fields(&message)[..] else { return None };
    let header = SignatureField::read(&message, field).ok()?.signed_header(&message);
    let view = header::parse(&header.bytes).ok()?;
    String::from_utf8(view.address.clone()).ok()
}

/// What a parser sees of a message whose proved address is known.
pub fn seen((_, authors): Parser, message: &[u8], proved: &str) -> Seen {
    Seen::of(authors(message), proved)
}

fn mail_parser(message: &[u8]) -> Vec<String> {
    let Some(message) = mail_parser::MessageParser::default().parse(message) else {
        return Vec::new();
    };
    let values = message.header_values("From").filter_map(|value| value.as_address());
    // An entry without an address is a display name only, and no author.
    values.flat_map(|list| list.iter()).filter_map(|a| Some(a.address()?.to_owned())).collect()
}

fn mailparse(message: &[u8]) -> Vec<String> {
    use mailparse::MailAddr;
    let Ok((headers, _)) = mailparse::parse_headers(message) else { return Vec::new() };
    let from = headers.iter().filter(|h| h.get_key_ref().trim().eq_ignore_ascii_case("from"));
    let lists = from.filter_map(|header| mailparse::addrparse_header(header).ok());
    let addresses = lists.flat_map(|list| list.into_inner()).flat_map(|address| match address {
        MailAddr::Single(single) => vec![single.addr],
        MailAddr::Group(group) => group.addrs.into_iter().map(|single| single.addr).collect(),
    });
    addresses.collect()
}
