//! `salt new`.

use serde_json::json;
use zkdkim::{files::Overwrite, salt::Salt};

use super::{Outcome, SUCCESS};
use crate::cli::{shown, HiArgs, SaltCommand};

pub fn run(args: &HiArgs, command: &SaltCommand) -> Outcome {
    let SaltCommand::New { out, force } = command;
    let overwrite = if *force { Overwrite::Replace } else { Overwrite::Never };
    Salt::random().write(out, overwrite)?;
    args.output.object("salt", json!({ "verdict": "done", "file": shown(out) }))?;
    args.output.text(format!(
        "wrote {}: keep it safe and secret; without it no recovery can be proved",
        shown(out)
    ))?;
    Ok(SUCCESS)
}
