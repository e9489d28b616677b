//! DNS messages as RFC 8484 carries them: a question, and what counts of its answer.

use std::collections::BTreeSet;

use hickory_proto::{
    op::{Message, MessageType, OpCode, Query, ResponseCode},
    rr::{Name, RData, RecordType},
};

use crate::error::{Error, Result};

/// The media type of a DNS message.
pub const MEDIA_TYPE: &str = "application/dns-message";
/// Longest message that DNS can have.
pub const MAX_MESSAGE_BYTES: usize = 65_535;
/// Aliases that are followed within an answer.
const MAX_ALIASES: usize = 8;

/// The TXT records of a name, each in one piece, sorted; none where there are none. Equal sets are equal answers.
pub type Records = BTreeSet<String>;

/// Whether a name can be asked for.
///
/// # Errors
///
/// [`Error::Name`].
pub fn check_name(name: &str) -> Result<()> {
    parse_name(name).map(drop)
}

fn parse_name(name: &str) -> Result<Name> {
    let refuse = |detail: &str| Err(Error::Name { name: name.into(), detail: detail.into() });
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if !name.bytes().all(plain) {
        return refuse("letters, digits, hyphens, underscores and dots only");
    }
    if name.is_empty() || name.split('.').any(str::is_empty) {
        return refuse("an empty label");
    }
    let mut parsed = Name::from_ascii(name)
        .map_err(|error| Error::Name { name: name.into(), detail: error.to_string() })?;
    parsed.set_fqdn(true);
    Ok(parsed)
}

/// A question for the TXT records of a name, with the id 0 (RFC 8484 §4.1).
///
/// # Errors
///
/// [`Error::Name`].
pub fn question(name: &str) -> Result<Vec<u8>> {
    let mut message = Message::new(0, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(parse_name(name)?, RecordType::TXT));
    message.to_vec().map_err(|error| Error::Name { name: name.into(), detail: error.to_string() })
}

/// The records that an answer to the question for `name` holds: those of the name, or of the name that it is an alias of.
/// None of them where there is no such name, or no such record.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn answer(name: &str, bytes: &[u8]) -> Result<Records, String> {
    let name = parse_name(name).map_err(|error| error.to_string())?;
    let message = Message::from_vec(bytes).map_err(|error| format!("no DNS message: {error}"))?;
    let metadata = &message.metadata;
    if metadata.message_type != MessageType::Response || metadata.op_code != OpCode::Query {
        return Err("no answer".into());
    }
    let asked = |query: &Query| query.query_type() == RecordType::TXT && *query.name() == name;
    if message.queries.len() != 1 || !message.queries.iter().all(asked) {
        return Err("an answer to another question".into());
    }
    if metadata.truncation {
        return Err("an answer that was cut off".into());
    }
    match metadata.response_code {
        ResponseCode::NoError => {}
        ResponseCode::NXDomain => return Ok(Records::new()),
        code => return Err(format!("an error: {code}")),
    }
    let owner = end_of_aliases(name, &message)?;
    let mut records = Records::new();
    for record in message.answers.iter().filter(|record| record.name == owner) {
        if let RData::TXT(text) = &record.data {
            let joined = text.txt_data.concat();
            records.insert(String::from_utf8(joined).map_err(|_| "a record that is no text")?);
        }
    }
    Ok(records)
}

fn end_of_aliases(mut name: Name, message: &Message) -> Result<Name, String> {
    for _ in 0..=MAX_ALIASES {
        let target = message.answers.iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == name => Some(target.0.clone()),
            _ => None,
        });
        match target {
            Some(target) => name = target,
            None => return Ok(name),
        }
    }
    Err(format!("more than {MAX_ALIASES} aliases in a row"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::{
        rdata::{CNAME, TXT},
        Record,
    };

    const NAME: &str = "s1._domainkey.example.org";

    fn reply(edit: impl FnOnce(&mut Message)) -> Vec<u8> {
        let mut message = Message::from_vec(&question(NAME).unwrap()).unwrap();
        message.metadata.message_type = MessageType::Response;
        edit(&mut message);
        message.to_vec().unwrap()
    }

    fn txt(owner: &str, pieces: &[&str]) -> Record {
        let pieces = pieces.iter().map(|piece| piece.to_string()).collect();
        Record::from_rdata(parse_name(owner).unwrap(), 60, RData::TXT(TXT::new(pieces)))
    }

    fn alias(owner: &str, target: &str) -> Record {
        let target = CNAME(parse_name(target).unwrap());
        Record::from_rdata(parse_name(owner).unwrap(), 60, RData::CNAME(target))
    }

    #[test]
    fn the_question_has_the_id_0_and_asks_for_recursion() {
        let bytes = question(NAME).unwrap();
        assert_eq!(bytes[..4], [0, 0, 1, 0]);
    }

    #[test]
    fn pieces_are_joined_and_records_sorted() {
        let bytes = reply(|message| {
            message.add_answer(txt(NAME, &["v=DKIM1; ", "p=B"]));
            message.add_answer(txt("S1._DomainKey.example.ORG", &["v=DKIM1; p=A"]));
            message.add_answer(txt("s2._domainkey.example.org", &["another's"]));
        });
        let records = answer(NAME, &bytes).unwrap();
        assert_eq!(records.into_iter().collect::<Vec<_>>(), ["v=DKIM1; p=A", "v=DKIM1; p=B"]);
    }

    #[test]
    fn aliases_are_followed_within_the_answer() {
        let bytes = reply(|message| {
            message.add_answer(txt("c.example.com", &["p=C"]));
            message.add_answer(alias("b.example.net", "c.example.com"));
            message.add_answer(alias(NAME, "b.example.net"));
        });
        assert_eq!(answer(NAME, &bytes).unwrap(), Records::from(["p=C".to_owned()]));
        let circle = reply(|message| {
            message.add_answer(alias(NAME, NAME));
        });
        assert!(answer(NAME, &circle).unwrap_err().contains("aliases"));
    }

    #[test]
    fn absent_is_an_answer_and_failure_none() {
        for code in [ResponseCode::NXDomain, ResponseCode::NoError] {
            let bytes = reply(|message| message.metadata.response_code = code);
            assert_eq!(answer(NAME, &bytes), Ok(Records::new()));
        }
        let failed = reply(|message| message.metadata.response_code = ResponseCode::ServFail);
        assert!(answer(NAME, &failed).is_err());
    }

    #[test]
    fn rejects_what_is_no_answer_to_the_question() {
        let good = reply(|message| {
            message.add_answer(txt(NAME, &["p=A"]));
        });
        assert!(answer(NAME, &good).is_ok());
        assert!(answer("s2._domainkey.example.org", &good).unwrap_err().contains("another"));
        for edit in [
            (|message| message.metadata.message_type = MessageType::Query) as fn(&mut Message),
            |message| message.metadata.truncation = true,
            |message| message.queries.clear(),
            |message| message.metadata.op_code = OpCode::Status,
        ] {
            assert!(answer(NAME, &reply(edit)).is_err());
        }
        for len in 0..good.len() {
            assert!(answer(NAME, &good[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn names_that_dns_cannot_have() {
        let label = "a".repeat(64);
        let long = format!("{}b", "a.".repeat(127));
        for bad in ["", ".", "a..b", "a b", "ä.example", "a/b", &label, &format!("{long}.{long}")]
        {
            assert!(matches!(check_name(bad), Err(Error::Name { .. })), "{bad}");
        }
    }
}
