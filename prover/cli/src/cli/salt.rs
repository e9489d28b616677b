//! Arguments of `salt` and `account`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use zkdkim_relation::recovery_subject::Address;
use zkdkim_salt::Dealer;

use super::net::{KeyRecords, NetArgs};

/// Commands of `salt`.
#[derive(Debug, Subcommand)]
pub enum SaltCommand {
    /// Make a salt; keep the file: without it, or an escrow of it, no recovery can be proved
    New {
        /// The file to write; only its owner can read it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Replace an existing salt, which is lost
        #[arg(long)]
        force: bool,
    },
    /// Show a committee's record; with --update, follow the committee to its present epoch
    Committee {
        #[command(flatten)]
        committee: CommitteeArgs,
        /// Ask the nodes for later records, and replace the file by the last one that follows
        #[arg(long)]
        update: bool,
        #[command(flatten)]
        net: NetArgs,
    },
    /// Encrypt a salt to a mailbox, for a committee of nodes to open; needs no node and no mail
    ///
    /// What is printed may be published: nobody sees from it whose it is.
    Escrow {
        #[command(flatten)]
        committee: CommitteeArgs,
        /// The e-mail address, such as ann@example.org
        #[arg(long)]
        address: String,
        /// The salt's file
        #[arg(long, value_name = "FILE")]
        salt_file: PathBuf,
        /// The file to write; only standard output by default
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Replace an existing file
        #[arg(long, requires = "out")]
        force: bool,
    },
    /// Print the Subject of a mail to oneself that opens a salt, and keep its one-time key
    Subject {
        #[command(flatten)]
        committee: CommitteeArgs,
        /// A node of a chain that the committee follows: the Subject names the chain's newest block, which makes it fresh
        #[arg(long, value_name = "URL")]
        rpc: String,
        #[command(flatten)]
        once: NewKeyArgs,
        #[command(flatten)]
        net: NetArgs,
    },
    /// Print the text that the new key of a mail `Recover …` signs to have its salt opened too, and keep its one-time key
    Consent {
        #[command(flatten)]
        mail: MailArgs,
        #[command(flatten)]
        committee: CommitteeArgs,
        #[command(flatten)]
        once: NewKeyArgs,
        /// Seconds for which the consent holds
        #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..=172_800))]
        valid: u64,
        #[command(flatten)]
        net: NetArgs,
    },
    /// Show a mail to the nodes, and open an escrow with the key that they give
    Recover {
        #[command(flatten)]
        mail: MailArgs,
        #[command(flatten)]
        opening: OpeningArgs,
        /// The escrow: 0x and 336 digits, or a file that holds them
        #[arg(long, value_name = "HEX or FILE")]
        escrow: String,
        /// The salt's file to write; only its owner can read it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Replace an existing file
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        net: NetArgs,
    },
}

/// Commands of `account`.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Find the accounts that a mailbox guards: show a mail to the nodes, and try the key that they give on every escrow
    /// that a recovery contract published
    ///
    /// Each escrow costs some milliseconds of one core; docs/operators.md has figures.
    Find {
        #[command(flatten)]
        mail: MailArgs,
        #[command(flatten)]
        opening: OpeningArgs,
        /// A node of the chain
        #[arg(long, value_name = "URL")]
        rpc: String,
        /// The recovery contract
        #[arg(long, value_name = "ADDRESS")]
        contract: Address,
        /// Only this account's escrows
        #[arg(long, value_name = "ADDRESS")]
        account: Option<Address>,
        /// The first block to read: that in which the contract was made, or later
        #[arg(long, value_name = "BLOCK", default_value_t = 0)]
        from_block: u64,
        /// The folder for the salts, ACCOUNT-BLOCK.salt each; it is made
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        #[command(flatten)]
        net: NetArgs,
    },
}

/// The committee.
#[derive(Clone, Debug, Args)]
pub struct CommitteeArgs {
    /// The committee's record, which is pinned so
    #[arg(long, value_name = "FILE")]
    pub committee: PathBuf,
    /// Take a committee whose key one dealer made, who can open every escrow: for development
    #[arg(long)]
    pub allow_insecure_dealer: bool,
}

impl CommitteeArgs {
    /// Whether a dealer's committee is taken.
    pub fn dealer(&self) -> Dealer {
        match self.allow_insecure_dealer {
            true => Dealer::AllowedInsecurely,
            false => Dealer::Refused,
        }
    }
}

/// Where a one-time key goes.
#[derive(Clone, Debug, Args)]
pub struct NewKeyArgs {
    /// Where to write the one-time key, without which the answers can't be read; only its owner can read it
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
}

/// A mail, and its provider's key.
#[derive(Clone, Debug, Args)]
#[command(group = clap::ArgGroup::new("keys").required(true))]
pub struct MailArgs {
    /// The message as it was received; - for standard input
    pub message: PathBuf,
    /// Key records: a file, as for `inspect`; or `live` (several resolvers that have to agree), or `system` (this machine's)
    #[arg(long, value_name = "FILE, live or system", group = "keys")]
    pub dns: Option<KeyRecords>,
    /// A key registry instead
    #[arg(long, value_name = "FILE", group = "keys")]
    pub registry: Option<PathBuf>,
}

/// What opens the nodes' answers.
#[derive(Clone, Debug, Args)]
pub struct OpeningArgs {
    #[command(flatten)]
    pub committee: CommitteeArgs,
    /// The one-time key, as `salt subject` or `salt consent` wrote it
    #[arg(long, value_name = "FILE")]
    pub key_file: PathBuf,
    /// The new key's signature on the text of `salt consent`: 0x and hexadecimal digits
    #[arg(long, value_name = "HEX")]
    pub signature: Option<String>,
}
