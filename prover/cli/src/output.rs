//! What a command writes: text for people, or one JSON object per line with `--json`; and its exit code.

use std::{
    io::{self, Write},
    path::Path,
};

use serde::Serialize;
use serde_json::{json, Value};

use crate::fault::Fault;

/// Version of every JSON object.
const VERSION: u32 = 1;

/// Standard output in one of the two forms.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    pub fn new(json: bool) -> Output {
        Output { json }
    }

    /// Writes lines for people; nothing with `--json`.
    pub fn text(self, text: impl AsRef<str>) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(text.as_ref().as_bytes())?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// Writes one object, tagged and versioned; nothing without `--json`.
    pub fn object(self, kind: &str, fields: impl Serialize) -> io::Result<()> {
        self.line(json!({ "type": kind }), fields)
    }

    /// Writes the last object of a command, with its exit code.
    pub fn result(self, command: &str, code: u8, fields: impl Serialize) -> io::Result<()> {
        self.line(json!({ "type": command, "exit_code": code }), fields)
    }

    fn line(self, head: Value, fields: impl Serialize) -> io::Result<()> {
        if !self.json {
            return Ok(());
        }
        let mut all = serde_json::to_value(fields)?;
        if let (Value::Object(all), Value::Object(head)) = (&mut all, head) {
            all.extend(head);
            all.insert("version".into(), VERSION.into());
        }
        let mut out = io::stdout().lock();
        writeln!(out, "{}", in_order(without_nulls(all)))?;
        out.flush()
    }

    /// Reports a failure: the last object of the command with `--json`, else lines on standard error.
    /// Returns the exit code.
    pub fn failure(self, command: &str, fault: &Fault) -> io::Result<u8> {
        let code = fault.exit_code();
        let refusal = fault.refusal();
        if self.json {
            let detail =
                refusal.map_or_else(|| fault.to_string(), |refusal| refusal.detail.clone());
            let fields = json!({
                "verdict": fault.verdict(),
                "rule": fault.id(),
                "detail": detail,
                "place": refusal.map(|refusal| &refusal.place),
                "hint": fault.hint(),
                "file": fault.file().map(shown),
                "holds": fault.holds(),
            });
            self.result(command, code, fields)?;
            return Ok(code);
        }
        match refusal {
            Some(refusal) => {
                let file = fault.file().map(|file| format!("{}: ", file.display()));
                let file = file.unwrap_or_default();
                eprintln!("refused: {file}{} ({})", refusal.detail, refusal.place);
                eprintln!("   rule: {}: {}", refusal.rule.id(), refusal.rule.title());
            }
            None => eprintln!("{}: {fault}", fault.verdict()),
        }
        if let Some(hint) = fault.hint() {
            eprintln!("   hint: {hint}");
        }
        Ok(code)
    }
}

/// Absent is absent: what is not known has no key.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let known = map.into_iter().filter(|(_, value)| !value.is_null());
            known.map(|(key, value)| (key, without_nulls(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// The object as a line: tag, version, verdict and exit code first, the rest by name.
fn in_order(object: Value) -> String {
    const FIRST: [&str; 4] = ["type", "version", "verdict", "exit_code"];
    let Value::Object(map) = object else { return object.to_string() };
    let place = |key: &str| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
    let mut pairs: Vec<_> = map.into_iter().collect();
    pairs.sort_by(|(a, _), (b, _)| place(a).cmp(&place(b)).then_with(|| a.cmp(b)));
    let pair = |(key, value): &(String, Value)| format!("{}:{value}", Value::from(key.as_str()));
    format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(","))
}

/// How a path is shown.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Whether the reader of standard output went away, as `head` does.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let kind = match (cause.downcast_ref::<io::Error>(), cause.downcast_ref()) {
            (Some(error), _) => Some(error.kind()),
            (None, Some(error)) => serde_json::Error::io_error_kind(error),
            (None, None) => None,
        };
        kind == Some(io::ErrorKind::BrokenPipe)
    })
}
