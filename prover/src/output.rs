//! What a command writes: text for people, or one JSON object per line with `--json`; and its exit code.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;
use zkdkim::Error;

/// The message, the statement or the proof is invalid.
pub const INVALID: u8 = 1;
/// Usage or environment.
pub const USAGE: u8 = 2;
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
        if !self.json {
            return Ok(());
        }
        // The tag comes first in the line, then the fields in the order of their type.
        let fields = serde_json::to_string(&fields)?;
        let fields = fields.strip_prefix('{').unwrap_or("}");
        let comma = if fields == "}" { "" } else { "," };
        let kind = serde_json::to_string(kind)?;
        let mut out = io::stdout().lock();
        write!(out, "{{\"type\":{kind},\"version\":{VERSION}{comma}{fields}")?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// Reports a failure: the last object of the command with `--json`, else a line on standard error.
    /// Returns the exit code.
    pub fn failure(self, command: &str, error: &Error) -> io::Result<u8> {
        let code = if error.is_verdict() { INVALID } else { USAGE };
        if self.json {
            let mut fields = json!({
                "verdict": verdict(error),
                "rule": error.id(),
                "detail": error.to_string(),
                "exit_code": code,
            });
            if let Error::Refused(refusal) = error {
                fields["detail"] = json!(refusal.detail);
                fields["place"] = json!(refusal.place);
                fields["hint"] = json!(refusal.hint);
            }
            self.object(command, fields)?;
            return Ok(code);
        }
        match error {
            Error::Refused(refusal) => {
                eprintln!("refused: {} ({})", refusal.detail, refusal.place);
                eprintln!("   rule: {}: {}", refusal.rule.id(), refusal.rule.title());
                if !refusal.hint.is_empty() {
                    eprintln!("   hint: {}", refusal.hint);
                }
            }
            error => eprintln!("{}: {error}", verdict(error)),
        }
        Ok(code)
    }
}

fn verdict(error: &Error) -> &'static str {
    match error {
        Error::Refused(_) | Error::InsecureSrs { .. } => "refused",
        error if error.is_verdict() => "invalid",
        _ => "error",
    }
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
