//! Mail that no person wrote, and mail that is of no use: told apart from the header alone, before anything is stored.

use zkdkim_relation::message::{Field, Message};

/// Why a mail is a machine's; none where nothing says so (RFC 3834 §2, RFC 2919). `envelope` is the sender that the mail
/// server names, where there is one: the empty one is that of bounces.
pub fn automatic(mail: &[u8], envelope: Option<&str>) -> Option<&'static str> {
    if envelope.is_some_and(|sender| sender.trim_matches(['<', '>', ' ']).is_empty()) {
        return Some("a bounce: its envelope has no sender");
    }
    let message = Message::parse_lenient(mail);
    let value = |name: &str| {
        let text =
            |field: &Field| String::from_utf8_lossy(field.value()).trim().to_ascii_lowercase();
        message.fields_named(name).next().map(text)
    };
    if value("Auto-Submitted").is_some_and(|v| v != "no") {
        return Some("an automatic answer: Auto-Submitted");
    }
    if value("Return-Path").is_some_and(|v| v == "<>") {
        return Some("a bounce: Return-Path <>");
    }
    if value("Precedence").is_some_and(|v| ["bulk", "list", "junk", "auto_reply"].contains(&&v[..]))
    {
        return Some("bulk mail: Precedence");
    }
    for name in ["List-Id", "List-Post", "List-Unsubscribe", "X-Autoreply", "X-Autorespond"] {
        if value(name).is_some() {
            return Some("mail of a list or of a machine");
        }
    }
    None
}

/// Why a mail can't be what a recovery contract waits for; none where it may be.
pub fn useless(mail: &[u8]) -> Option<&'static str> {
    let message = Message::parse_lenient(mail);
    if message.broken().is_some() {
        return Some("not a mail");
    }
    if message.fields_named("DKIM-Signature").next().is_none() {
        return Some("no DKIM-Signature: its provider did not sign it");
    }
    if message.fields_named("Subject").count() != 1 {
        return Some("not exactly one Subject");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(fields: &str) -> Vec<u8> {
        format!("From: a@b.example\r\nSubject: x\r\n{fields}\r\nbody\r\n").into_bytes()
    }

    #[test]
    fn what_a_machine_wrote_is_known() {
        for fields in [
            "Auto-Submitted: auto-replied\r\n",
            "auto-submitted:  auto-generated\r\n",
            "Return-Path: <>\r\n",
            "Precedence: bulk\r\n",
            "Precedence: LIST\r\n",
            "List-Id: <x.example>\r\n",
            "List-Unsubscribe: <mailto:x@y.example>\r\n",
        ] {
            assert!(automatic(&mail(fields), None).is_some(), "{fields}");
        }
        assert!(automatic(&mail(""), Some("<>")).is_some());
        assert!(automatic(&mail(""), Some("")).is_some());
    }

    #[test]
    fn what_a_person_wrote_is_let_through() {
        for fields in ["", "Auto-Submitted: no\r\n", "Return-Path: <a@b.example>\r\n"] {
            assert_eq!(automatic(&mail(fields), Some("a@b.example")), None, "{fields}");
        }
    }

    #[test]
    fn what_can_not_be_proved_is_not_stored() {
        assert!(useless(b"").is_some());
        assert!(useless(&mail("")).is_some_and(|why| why.contains("DKIM-Signature")));
        assert_eq!(useless(&mail("DKIM-Signature: v=1\r\n")), None);
        assert!(useless(&mail("DKIM-Signature: v=1\r\nSubject: y\r\n")).is_some());
    }
}
