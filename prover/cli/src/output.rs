//! What a command writes: text for people, or one JSON object per line with `--json`; and its exit code.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

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
    pub fn failure(self, command: &str, fault: &Fault) -> io::Result<u8> {
        let code = fault.exit_code();
        let refusal = fault.refusal();
        if self.json {
            let mut fields = json!({
                "verdict": fault.verdict(),
                "rule": fault.id(),
                "detail": refusal.map_or_else(|| fault.to_string(), |refusal| refusal.detail.clone()),
                "exit_code": code,
            });
            if let Some(refusal) = refusal {
                fields["place"] = json!(refusal.place);
            }
            if let Some(hint) = fault.hint() {
                fields["hint"] = json!(hint);
            }
            self.object(command, fields)?;
            return Ok(code);
        }
        match refusal {
            Some(refusal) => {
                eprintln!("refused: {} ({})", refusal.detail, refusal.place);
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
