//! The names whose records a mail needs.

use zkdkim_relation::{
    dkim::{key_name, signature_fields, SignatureField},
    message::Message,
};

/// More signatures than this are not looked up: some senders sign twice, nobody eight times.
pub const MAX_NAMES: usize = 8;

/// The names of the key records that a mail's signatures refer to, from the top, each once, at most [`MAX_NAMES`]. Signatures
/// without a usable `d=` or `s=` have none; what is wrong with them, an inspection says.
pub fn key_names(message: &[u8]) -> Vec<String> {
    let message = Message::parse_lenient(message);
    let mut names = Vec::new();
    for field in signature_fields(&message) {
        let Ok(field) = SignatureField::read(&message, field) else { continue };
        let tag = |name: &str| {
            let tag = field.tags.get(name)?.compact().to_ascii_lowercase();
            String::from_utf8(tag).ok().filter(|value| !value.is_empty())
        };
        let (Some(domain), Some(selector)) = (tag("d"), tag("s")) else { continue };
        let name = key_name(&selector, &domain);
        if !names.contains(&name) && crate::wire::check_name(&name).is_ok() {
            names.push(name);
        }
        if names.len() == MAX_NAMES {
            break;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_signature_gives_a_name_once() {
        let mail = b"DKIM-Signature: v=1; d=Example.org; s=s1; b=\r\n\
            DKIM-Signature: v=1; d=example.org;\r\n s=S1; b=\r\n\
            DKIM-Signature: v=1; d=list.example; s=a.b; b=\r\n\
            DKIM-Signature: v=1; d=list.example; b=\r\n\
            DKIM-Signature: what\r\n\
            DKIM-Signature: v=1; d=..; s=x; b=\r\nFrom: a@b.cc\r\n\r\n";
        assert_eq!(key_names(mail), ["s1._domainkey.example.org", "a.b._domainkey.list.example"]);
        let many: String =
            (0..20).map(|i| format!("DKIM-Signature: d=example.org; s=s{i}\r\n")).collect();
        assert_eq!(key_names(many.as_bytes()).len(), MAX_NAMES);
        assert!(key_names(b"").is_empty());
    }
}
