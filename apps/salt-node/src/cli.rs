//! The arguments.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use zkdkim_salt::Dealer;

const EXIT_CODES: &str = "\
Exit codes:
  0  done; for ceremony step, over
  1  check-config found something that does not work
  2  usage or environment: arguments, files, keys
  3  ceremony step waits for messages of others";

/// A node that keeps a share of the key that opens salts
#[derive(Debug, Parser)]
#[command(name = "zkdkim-salt-node", version, after_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a node's folder with new long-term keys
    Init(InitArgs),
    /// Make the committee's key, or pass it on, with the other operators
    #[command(subcommand)]
    Ceremony(CeremonyCommand),
    /// Answer requests
    Serve {
        /// The configuration
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Read a configuration and everything that it names, and ask chains and resolvers
    CheckConfig {
        /// The configuration
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Erase the shares of epochs that are over, once the new committee serves
    EraseShares {
        /// The node's folder
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        /// Shares of epochs before this one are erased
        #[arg(long, value_name = "EPOCH")]
        before: u32,
    },
    /// Make all nodes of a committee at once, for development: whoever runs this can open every escrow
    InsecureDealer(DealerArgs),
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    pub home: PathBuf,
    /// The node's number in the committee, from 1 on
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    pub index: u8,
    /// Where clients will find it: https://…
    #[arg(long)]
    pub url: String,
}

/// Commands of `ceremony`.
#[derive(Debug, Subcommand)]
pub enum CeremonyCommand {
    /// Begin: read what was agreed, and print the ceremony's id, which all operators compare
    Begin {
        /// The node's folder
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        /// The setting: network, threshold, and the members' member.toml
        #[arg(long, value_name = "FILE")]
        setting: PathBuf,
        /// The record of the present committee, whose key is passed on; without it, the key is new
        #[arg(long, value_name = "FILE")]
        before: Option<PathBuf>,
        #[command(flatten)]
        dealer: DealerFlag,
    },
    /// Take what the others put on the board, put there what is next, and say what is missing
    Step {
        /// The node's folder
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        /// The ceremony's id, as begin printed it
        #[arg(long)]
        id: String,
        /// The folder that all operators share
        #[arg(long, value_name = "DIR")]
        board: PathBuf,
        /// End the stage with the deals, or answers, that are there: only after all operators agreed to
        #[arg(long)]
        without_missing: bool,
        #[command(flatten)]
        dealer: DealerFlag,
    },
    /// Give a ceremony up: its secrets are erased, and it can be begun anew on another board
    Abandon {
        /// The node's folder
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        /// The ceremony's id
        #[arg(long)]
        id: String,
    },
}

/// Whether a dealer's committee is taken.
#[derive(Clone, Copy, Debug, Args)]
pub struct DealerFlag {
    /// Take a committee whose key one dealer made: for development
    #[arg(long)]
    pub allow_insecure_dealer: bool,
}

impl From<DealerFlag> for Dealer {
    fn from(flag: DealerFlag) -> Dealer {
        match flag.allow_insecure_dealer {
            true => Dealer::AllowedInsecurely,
            false => Dealer::Refused,
        }
    }
}

/// Arguments of `insecure-dealer`.
#[derive(Debug, Args)]
pub struct DealerArgs {
    /// The network's name, which begins with insecure-dealer- for ever
    #[arg(long)]
    pub network: String,
    /// So many nodes make a key
    #[arg(long, value_name = "T")]
    pub threshold: u8,
    /// Where each node will be found, in order; http:// will do
    #[arg(long = "url", value_name = "URL", required = true)]
    pub urls: Vec<String>,
    /// The folder to put the nodes' folders in
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
