//! What is written like a value of a programming language: lists of pieces, answers of DNS over HTTPS,
//! and the recorded form, a JSON object from names to records.

use super::{bare, group, plain_name, Form, Reading, TxtRecord, Unreadable};
use serde_json::{Map, Value};

/// DNS types (RFC 1035 §3.2.2) as DNS over HTTPS numbers them.
const CNAME: u64 = 5;
const TXT: u64 = 16;

/// The records of one name: one text (the recorded form), a list of texts or of lists of pieces, or
/// the answer of DNS over HTTPS for the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records(pub Vec<String>);

impl Records {
    /// Reads the value of a name.
    pub fn from_json(value: &Value) -> Option<Records> {
        match value {
            Value::String(text) => Some(Records(vec![text.clone()])),
            Value::Array(items) => pieces(items).map(Records),
            Value::Object(_) => {
                let reading = answers(std::iter::once(value), "JSON").ok()?;
                Some(Records(reading.records.into_iter().map(|record| record.text).collect()))
            }
            _ => None,
        }
    }
}

/// Strings make up records; a list within the list is one record.
fn pieces(items: &[Value]) -> Option<Vec<String>> {
    if items.iter().all(Value::is_string) {
        let texts = items.iter().filter_map(|item| item.as_str().map(str::to_owned));
        return Some(group(texts.collect()));
    }
    let one = |item: &Value| match item {
        Value::String(text) => Some(text.clone()),
        Value::Array(inner) => inner.iter().map(Value::as_str).collect::<Option<String>>(),
        _ => None,
    };
    items.iter().map(one).collect()
}

/// Whether a text is a list, an object, or bytes as Python prints them.
pub(super) fn begins(text: &str) -> bool {
    ["[", "{", "b'", "b\"", "('", "(b'", "(b\""].iter().any(|begin| text.starts_with(begin))
}

/// A list of pieces, an answer of DNS over HTTPS, or the recorded form.
pub(super) fn read(text: &str) -> Result<Reading, Unreadable> {
    let value = serde_json::from_str(text)
        .or_else(|error| serde_json::from_str(&as_json(text)).map_err(|_| error));
    match value {
        Ok(Value::String(text)) => {
            let records = vec![TxtRecord { name: None, text }];
            Ok(Reading { form: Form::List, records, aliases: Vec::new() })
        }
        Ok(Value::Array(items)) if items.iter().any(Value::is_object) => {
            answers(items.iter(), "a list of DNS answers")
        }
        Ok(Value::Array(items)) => match pieces(&items) {
            Some(texts) if !texts.is_empty() => {
                let records = texts.into_iter().map(|text| TxtRecord { name: None, text });
                let records = records.collect();
                Ok(Reading { form: Form::List, records, aliases: Vec::new() })
            }
            _ => Err(Unreadable::new("a list without a record", super::AS_PUBLISHED)),
        },
        Ok(Value::Object(object)) if !is_dns_over_https(&object) => recorded(&object),
        Ok(answer) => answers([&answer].into_iter(), "an answer of DNS over HTTPS"),
        Err(error) => {
            let what = format!("a list or JSON that is cut off or malformed: {error}");
            Err(Unreadable::new(what, super::AS_PUBLISHED))
        }
    }
}

/// Whether an object is an answer of a resolver rather than a map from names.
pub(crate) fn is_dns_over_https(object: &Map<String, Value>) -> bool {
    let is_text = |key: &str| object.get(key).is_some_and(Value::is_string);
    object.get("Answer").is_some_and(Value::is_array)
        || object.get("Status").is_some_and(Value::is_u64)
        || (is_text("name") && is_text("data"))
}

/// The recorded form: every name with its records.
fn recorded(object: &Map<String, Value>) -> Result<Reading, Unreadable> {
    let mut records = Vec::new();
    for (name, value) in object {
        let Some(Records(texts)) = Records::from_json(value) else {
            let name = crate::refusal::show_text(name.as_bytes());
            let what = format!("JSON whose {name} is not a TXT record or a list of them");
            return Err(Unreadable::new(what, super::WITH_NAME));
        };
        let name = Some(plain_name(name));
        // A value may be in any form but this one.
        let plain = |text: String| match begins(&text) {
            true => text,
            false => super::single(&text).map_or(text, |record| record.text),
        };
        let texts = texts.into_iter().map(plain);
        records.extend(texts.map(|text| TxtRecord { name: name.clone(), text }));
    }
    Ok(Reading { form: Form::Recorded, records, aliases: Vec::new() })
}

/// Node and Python print lists with single quotes, Python bytes with a `b` before them, tuples in parentheses
/// and with a comma at the end.
fn as_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut within = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (within, c) {
            (None, 'b') if matches!(chars.peek(), Some('\'' | '"')) => {}
            (None, '\'' | '"') => {
                within = Some(c);
                out.push('"');
            }
            (None, '(') => out.push('['),
            (None, c @ (')' | ']')) => {
                let end = out.trim_end().trim_end_matches(',').len();
                out.truncate(end);
                out.push(if c == ')' { ']' } else { c });
            }
            (None, _) => out.push(c),
            (Some(quote), c) if c == quote => {
                within = None;
                out.push('"');
            }
            (Some('\''), '"') => out.push_str("\\\""),
            (Some(_), '\\') => match chars.next() {
                Some('\'') => out.push('\''),
                Some(c @ ('"' | '\\')) => out.extend(['\\', c]),
                Some(c) => out.extend(['\\', '\\', c]),
                None => {}
            },
            (Some(_), _) => out.push(c),
        }
    }
    out
}

/// The TXT and CNAME records among answers, each `{"name", "type", "data"}` or an object that holds
/// a list of them under `Answer`.
pub(super) fn answers<'a>(
    objects: impl Iterator<Item = &'a Value>,
    what: &str,
) -> Result<Reading, Unreadable> {
    let mut reading =
        Reading { form: Form::DnsOverHttps, records: Vec::new(), aliases: Vec::new() };
    for object in objects {
        if let Some(status) = object.get("Status").and_then(Value::as_u64).filter(|s| *s != 0) {
            let meaning = if status == 3 { ": no such name" } else { "" };
            return Err(Unreadable::new(
                format!("an answer of DNS over HTTPS with the status {status}{meaning}"),
                super::ASK_FOR,
            ));
        }
        match object.get("Answer").and_then(Value::as_array) {
            Some(list) => list.iter().for_each(|answer| add(&mut reading, answer)),
            None => add(&mut reading, object),
        }
    }
    match reading.records.is_empty() {
        false => Ok(reading),
        true => Err(Unreadable::new(format!("{what} without a TXT record"), super::ASK_FOR)),
    }
}

fn add(reading: &mut Reading, answer: &Value) {
    let text = |key: &str| answer.get(key).and_then(Value::as_str);
    let (Some(name), Some(data)) = (text("name"), text("data")) else { return };
    match answer.get("type").map(|kind| (kind.as_u64(), kind.as_str())) {
        Some((Some(CNAME), _) | (_, Some("CNAME"))) => {
            reading.aliases.push((plain_name(name), plain_name(data)));
        }
        Some((Some(TXT), _) | (_, Some("TXT"))) | None => {
            // Some resolvers give the character strings with their quotes, some give them joined.
            let text = super::pieces::read(bare(data)).map(|texts| texts.concat());
            let text = text.unwrap_or_else(|_| data.to_owned());
            reading.records.push(TxtRecord { name: Some(plain_name(name)), text });
        }
        _ => {}
    }
}
