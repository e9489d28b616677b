//! A salt node: keeps its share of the key that opens salts, and gives its part of a mailbox's key to whoever shows a mail
//! that the mailbox's provider signed for this purpose.
//!
//! ```text
//! cli, main        arguments, exit codes
//! home, files      the node's folder: keys, shares, records
//! ceremony         key generation and resharing, by files that operators carry
//! dealer           one dealer, for development
//! config, check    the configuration
//! chains, provider_keys   what is asked of others
//! server           the service
//! ```

mod ceremony;
mod chains;
mod check;
mod cli;
mod clock;
mod config;
mod dealer;
mod error;
mod files;
mod home;
mod provider_keys;
mod server;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use rand::rngs::OsRng;
use zkdkim_salt::{node::NodeKeys, Dealer, NodeIndex};

use crate::{
    cli::{Arguments, CeremonyCommand, Command, InitArgs},
    error::{Fault, Result},
    files::Existing,
    home::Home,
};

/// `check-config` found something.
const NOT_GOOD: u8 = 1;
/// Arguments, files, keys or the environment are not what the command needs.
const USAGE: u8 = 2;
/// A ceremony waits for others.
const WAITING: u8 = 3;

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code.into(),
        Err(fault) => {
            // Nobody to tell is no reason to panic.
            let mut err = io::stderr().lock();
            let _ = writeln!(err, "error: {fault}");
            if let Some(hint) = fault.hint() {
                let _ = writeln!(err, "   hint: {hint}");
            }
            USAGE.into()
        }
    }
}

fn run(command: Command) -> Result<u8> {
    match command {
        Command::Init(args) => init(&args),
        Command::Ceremony(command) => run_ceremony(command),
        Command::Serve { config } => server::serve(&config).map(|()| 0),
        Command::CheckConfig { config } => check(&config),
        Command::EraseShares { home, before } => erase_shares(&Home::new(&home), before),
        Command::InsecureDealer(args) => {
            let record = dealer::deal(&args.network, args.threshold, &args.urls, &args.out)?;
            say(&format!(
                "wrote {}: its key was dealt here, so it protects nothing",
                record.display()
            ));
            Ok(0)
        }
    }
}

fn init(args: &InitArgs) -> Result<u8> {
    let home = Home::new(&args.home);
    let keys = NodeKeys::random(&mut OsRng);
    let index =
        NodeIndex::new(args.index).ok_or_else(|| Fault::config("--index", "begins with 1"))?;
    let entry = ceremony::setting::member_entry(index, &args.url, &keys);
    home.init(&keys)?;
    files::write(&home.path("member.toml"), entry.as_bytes(), Existing::Replaced)?;
    say(&format!(
        "wrote {} (secret; back it up) and {} (for the ceremony's setting)",
        home.path("keys").display(),
        home.path("member.toml").display()
    ));
    Ok(0)
}

fn run_ceremony(command: CeremonyCommand) -> Result<u8> {
    match command {
        CeremonyCommand::Begin { home, setting, before, dealer } => {
            let home = Home::new(&home);
            let id = ceremony::begin(&home, &setting, before.as_deref(), dealer.into())?;
            say(&id);
            Ok(0)
        }
        CeremonyCommand::Step { home, id, board, without_missing, dealer } => {
            let home = Home::new(&home);
            let progress = ceremony::step(&home, &id, &board, without_missing, dealer.into())?;
            progress.notes.iter().for_each(|note| say(&format!("note: {note}")));
            progress.waiting.iter().for_each(|missing| say(&format!("waiting for {missing}")));
            if let Some(digest) = &progress.digest {
                say(&format!("record {digest}"));
            }
            if progress.waiting.is_empty() {
                say("done: the record and this node's share are in their place");
                return Ok(0);
            }
            Ok(WAITING)
        }
        CeremonyCommand::Abandon { home, id } => {
            ceremony::abandon(&Home::new(&home), &id)?;
            say("given up; begin anew on another board");
            Ok(0)
        }
    }
}

fn check(path: &std::path::Path) -> Result<u8> {
    let report = check::check(path)?;
    report.lines.iter().for_each(|line| say(line));
    Ok(if report.good { 0 } else { NOT_GOOD })
}

fn erase_shares(home: &Home, before: u32) -> Result<u8> {
    let later = home.records(Dealer::AllowedInsecurely)?.range(before..).next().is_some();
    if !later {
        let detail =
            format!("there is no record of epoch {before} or later: the share would be lost");
        return Err(Fault::Ceremony(detail));
    }
    for epoch in home.old_shares(before)? {
        home.erase_share(epoch)?;
        say(&format!("erased the share of epoch {epoch}"));
    }
    Ok(0)
}

/// A line on standard output, whose reader may have gone.
fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}");
}
