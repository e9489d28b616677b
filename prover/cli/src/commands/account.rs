//! `account find`: which accounts a mailbox guards, by the escrows that recovery contracts published.

use serde_json::json;
use zkdkim_salt_client::find::{find, Found};
use zkdkim_store::{
    documents::{read_salt, write_salt},
    files::make_folder,
    Error as StoreError, Overwrite,
};

use super::{ask, CommandResult, SUCCESS};
use crate::{
    cli::{salt::AccountCommand, HiArgs},
    fault::Fault,
    output::shown,
};

pub fn run(args: &HiArgs, command: &AccountCommand) -> CommandResult {
    let AccountCommand::Find { mail, opening, rpc, contract, account, from_block, out, net } =
        command;
    // Before a mail is shown to anybody.
    make_folder(out)?;
    let chain = ask::chain(net, rpc)?;
    let last = chain.latest_block().map_err(Fault::from)?.number;
    let key = ask::key_of_mailbox(mail, opening, net, args.progress.as_ref())?;
    let blocks = *from_block..=last;
    let (identity, opened) = (&key.identity, &key.opened.key);
    let scan = find(&chain, contract, account.as_ref(), blocks, identity, opened)?;
    for found in &scan.found {
        let Found { account, block, salt } = found;
        let mut files = (0u32..).map(|copy| match copy {
            0 => out.join(format!("{account}-{block}.salt")),
            copy => out.join(format!("{account}-{block}-{copy}.salt")),
        });
        // An account may publish several in one block.
        let file = loop {
            let Some(file) = files.next() else { break out.clone() };
            match write_salt(&file, salt, Overwrite::Never) {
                Ok(()) => break file,
                // Of an earlier run, or another one.
                Err(StoreError::Exists { .. }) => {
                    if read_salt(&file).is_ok_and(|there| there == *salt) {
                        break file;
                    }
                }
                Err(error) => return Err(error.into()),
            }
        };
        args.output.object(
            "account-found",
            json!({ "account": account.to_string(), "block": block, "file": shown(&file) }),
        )?;
        args.output.text(format!("{account} block {block}: {}", shown(&file)))?;
    }
    args.output.result(
        "account",
        SUCCESS,
        json!({
            "verdict": "done", "action": "find", "found": scan.found.len(), "events": scan.events,
            "tried": scan.tried, "unreadable": scan.unreadable, "from_block": from_block,
            "to_block": last, "epoch": key.client.committee().epoch,
            "nodes": ask::node_objects(&key.opened.nodes),
        }),
    )?;
    args.output.text(format!(
        "{} of {} escrows in {} events open; blocks {from_block} to {last}",
        scan.found.len(),
        scan.tried,
        scan.events
    ))?;
    Ok(SUCCESS)
}
