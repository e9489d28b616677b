//! `commit`: what an account stores for an address.

use serde_json::json;
use zkdkim_prover::hex_form::field_hex;
use zkdkim_relation::{commitment::email_commitment, header::parse_mailbox};

use super::{read_salt, CommandResult, SUCCESS};
use crate::{
    cli::{CommitArgs, HiArgs},
    fault::Fault,
};

pub fn run(args: &HiArgs, command: &CommitArgs) -> CommandResult {
    let address = lowered(&command.address)?;
    let salt = read_salt(&command.salt_file, args.progress.as_ref())?;
    let commitment = email_commitment(&salt, address.as_bytes())
        .ok_or_else(|| Fault::input("ADDRESS", "longer than 124 bytes"))?;
    let commitment = field_hex(&commitment.0);
    args.output.result(
        "commit",
        SUCCESS,
        json!({ "verdict": "done", "address": address, "commitment": commitment }),
    )?;
    args.output.text(commitment)?;
    Ok(SUCCESS)
}

/// The address as the statement knows it: the grammar of the From field, A–Z lowered.
fn lowered(address: &str) -> Result<String, Fault> {
    let bytes = address.as_bytes();
    let mailbox = parse_mailbox(bytes, 0..bytes.len())
        .map_err(|refusal| Fault::input("ADDRESS", &refusal.detail))?;
    if mailbox.address != (0..bytes.len()) {
        return Err(Fault::input("ADDRESS", "more than a plain address, such as ann@example.org"));
    }
    Ok(address.to_ascii_lowercase())
}
