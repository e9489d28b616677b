//! `salt new`.

use rand::rngs::OsRng;
use serde_json::json;
use zkdkim_prover::Salt;
use zkdkim_store::{documents::write_salt, files::check_target, Overwrite};

use super::{CommandResult, SUCCESS};
use crate::{
    cli::{HiArgs, SaltCommand},
    output::shown,
};

pub fn run(args: &HiArgs, command: &SaltCommand) -> CommandResult {
    let SaltCommand::New { out, force } = command;
    let overwrite = if *force { Overwrite::Replace } else { Overwrite::Never };
    check_target(out, overwrite)?;
    write_salt(out, &Salt::random(&mut OsRng), overwrite)?;
    args.output.result("salt", SUCCESS, json!({ "verdict": "done", "file": shown(out) }))?;
    args.output.text(format!(
        "wrote {}: keep it safe and secret; without it no recovery can be proved",
        shown(out)
    ))?;
    Ok(SUCCESS)
}
