//! `subject`: what to write into the mail.

use rand::rngs::OsRng;
use serde_json::json;
use zkdkim_prover::{hex_form::bytes_hex, CommandHash, Sealing};
use zkdkim_store::{documents::write_sealing, files::check_target, Overwrite};

use super::{CommandResult, SUCCESS};
use crate::{
    cli::{HiArgs, SubjectArgs},
    fault::Fault,
    output::shown,
};

pub fn run(args: &HiArgs, command: &SubjectArgs) -> CommandResult {
    match &command.out {
        Some(out) => {
            let overwrite = if command.force { Overwrite::Replace } else { Overwrite::Never };
            check_target(out, overwrite)?;
            let sealing = Sealing::new(hash(command)?, &mut OsRng);
            write_sealing(out, &sealing, overwrite)?;
            let subject = sealing.subject();
            args.output.result(
                "subject",
                SUCCESS,
                json!({
                    "verdict": "done", "subject": subject, "reading": "sealed",
                    "command": bytes_hex(&sealing.command.0), "file": shown(out),
                }),
            )?;
            args.progress.note(&format!(
                "wrote {}: with it the mail is proved, and whoever has it can join the mail with its command",
                shown(out)
            ));
            args.output.text(subject)?;
        }
        None => {
            let subject = command.recovery_command().ok_or_else(no_account)?.to_string();
            args.output.result(
                "subject",
                SUCCESS,
                json!({ "verdict": "done", "subject": subject, "reading": "clear" }),
            )?;
            args.output.text(subject)?;
        }
    }
    Ok(SUCCESS)
}

fn hash(command: &SubjectArgs) -> Result<CommandHash, Fault> {
    if let Some(hash) = command.command {
        return Ok(hash);
    }
    let contract = command.contract.ok_or_else(|| {
        Fault::input("--contract", "a sealed command names the recovery contract")
    })?;
    Ok(command.recovery_command().ok_or_else(no_account)?.hash(&contract))
}

fn no_account() -> Fault {
    Fault::input("--account", "the command names the account")
}
