//! The arguments: as clap reads them ([`LowArgs`]), and as the commands want them ([`HiArgs`]).

pub mod keys;
pub mod net;
pub mod salt;

use std::{
    io::IsTerminal,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{Args, Parser, Subcommand};
use zkdkim_circuits::statement::CircuitParams;
use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    progress::{Progress, Silent},
};
use zkdkim_prover::{
    hex_form::field_from_hex, sealing_file::command_from_hex, CommandHash, Reading, Reveal, Sealing,
};
use zkdkim_relation::{
    inspect::{Policy, UnsignedParts},
    owner::Owner,
    recovery_subject::{Action, Address, Command as RecoveryCommand},
};
use zkdkim_store::{documents, files, KeyCache};

use self::{
    keys::{DnsCommand, RegistryArgs},
    net::{KeyRecords, NetArgs},
    salt::{AccountCommand, SaltCommand},
};
use crate::{output::Output, progress::Stderr};

const EXIT_CODES: &str = "\
Exit codes:
  0  done; the message can be proved, the proof is valid
  1  the message, the statement or the proof is invalid
  2  usage or environment: arguments, files, keys

With --json, standard output carries one object per line, each with \"type\" and \"version\"; the last \
one is named after the command and has \"verdict\" and \"exit_code\", also after a usage error. What is \
not known is left out, never null. docs/json-output.schema.json describes all of them. Notes and progress \
go to standard error.";

/// Zero-knowledge proofs about DKIM-signed e-mails
#[derive(Debug, Parser)]
#[command(name = "zkdkim", version, after_help = EXIT_CODES)]
pub struct LowArgs {
    /// One JSON object per line on standard output
    #[arg(long, global = true)]
    json: bool,
    /// No notes and no progress on standard error
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Number of threads; all cores by default
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Folder for SRS files and keys
    #[arg(long, global = true, value_name = "DIR", env = "ZKDKIM_CACHE")]
    cache_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole path on a sample message, with a development SRS
    Demo(DemoArgs),
    /// Check every rule on a message, and show what a proof would make public
    Inspect(InspectArgs),
    /// Make the secret that hides the address, encrypt it to the mailbox, get it back
    #[command(subcommand)]
    Salt(SaltCommand),
    /// Find accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Print the Subject that a recovery contract asks for, in clear or sealed
    Subject(SubjectArgs),
    /// Compute the commitment that an account stores
    Commit(CommitArgs),
    /// Keep the registry of signing keys
    Registry(RegistryArgs),
    /// Write key records in the form in which this program keeps them
    #[command(subcommand)]
    Dns(DnsCommand),
    /// List mailbox providers: which of them work as senders, and why not
    Providers,
    /// Set up an SRS, and make the keys over it
    Setup(SetupArgs),
    /// Prove a message
    Prove(ProveArgs),
    /// Verify a proof, and compare what it proves with what you expect
    Verify(VerifyArgs),
    /// Write the Solidity verifier with its ABI, bytecode and digests
    ExportVerifier(ExportArgs),
}

/// Which layout of the statement.
#[derive(Clone, Copy, Debug, Args)]
pub struct LayoutArgs {
    /// The layout of circuit and keys: on-chain is the cheapest to verify on a chain, quick the quickest to
    /// prove, middle lies between; files of one are of no use to another
    #[arg(long, value_name = "NAME", default_value = "on-chain", value_parser = layout)]
    pub layout: CircuitParams,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Another message than the sample; - for standard input
    #[arg(requires = "dns")]
    pub message: Option<PathBuf>,
    /// The DNS records of that message, as for `inspect`
    #[arg(long, value_name = "FILE", requires = "message")]
    pub dns: Option<PathBuf>,
}

/// What the Subject must be, and how strictly a message is looked at.
#[derive(Clone, Debug, Args)]
pub struct MessageArgs {
    /// Take a message whose body or unsigned lines are not those that were signed: only the signed
    /// header is proved
    #[arg(long)]
    pub accept_changed_body: bool,
    /// The Subject that the contract asks for, in full
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["account", "chain", "nonce", "new_key", "new_owner", "cancel"])]
    pub subject: Option<String>,
    /// Read the Subject as sealed: what it was made from, as `subject --sealed` writes it. The proof then shows the
    /// command instead of the Subject
    #[arg(long, value_name = "FILE", conflicts_with_all = ["subject", "account"])]
    pub blinding_file: Option<PathBuf>,
    /// The lower bound of the mail's time that the proof shows, in seconds since 1970: the one that the contract asks
    /// for. The beginning of the mail's day by default
    #[arg(long, value_name = "SECONDS")]
    pub not_before: Option<u64>,
    /// Build the Subject: the account that is guarded or recovered
    #[arg(long, value_name = "ADDRESS", requires_all = ["chain", "nonce"])]
    pub account: Option<Address>,
    /// Its chain's EIP-155 number, such as 1 for Ethereum
    #[arg(long, value_name = "ID", requires = "account")]
    pub chain: Option<u128>,
    /// The number that the recovery contract has drawn, for the configuration or the open round
    #[arg(long, value_name = "N", requires = "account")]
    pub nonce: Option<u64>,
    /// The key that it shall have; without it, the Subject is that of a guardian's consent
    #[arg(long, value_name = "ADDRESS", requires = "account")]
    pub new_key: Option<Address>,
    /// The owner that it shall have where that is more than an address: its bytes, such as a passkey's verifier and key
    #[arg(long, value_name = "HEX", requires = "account", conflicts_with = "new_key")]
    pub new_owner: Option<Owner>,
    /// The Subject is that of a guardian who stops a recovery
    #[arg(long, requires = "account", conflicts_with_all = ["new_key", "new_owner"])]
    pub cancel: bool,
    /// The time to compare t= with, in seconds since 1970; this machine's clock by default
    #[arg(long, value_name = "SECONDS")]
    pub clock: Option<u64>,
}

impl MessageArgs {
    /// The policy of the inspection.
    pub fn policy(&self) -> Policy {
        let unsigned_parts = match self.accept_changed_body {
            true => UnsignedParts::MayDiffer,
            false => UnsignedParts::AsSigned,
        };
        Policy { clock: clock(self.clock), unsigned_parts }
    }

    /// What the proof shall reveal.
    ///
    /// # Errors
    ///
    /// Where the sealing file can't be read.
    pub fn reveal(&self) -> zkdkim_store::Result<Reveal> {
        let sealing = self.sealing()?;
        let reading = sealing.map_or(Reading::Clear, |sealing| sealing.reading());
        Ok(Reveal { not_before: self.not_before, reading })
    }

    /// What the Subject is sealed over, if the user said.
    fn sealing(&self) -> zkdkim_store::Result<Option<Sealing>> {
        self.blinding_file.as_deref().map(documents::read_sealing).transpose()
    }

    /// The Subject that is wanted, if the user said.
    ///
    /// # Errors
    ///
    /// Where the sealing file can't be read.
    pub fn wanted_subject(&self) -> zkdkim_store::Result<Option<String>> {
        Ok(match self.sealing()? {
            Some(sealing) => Some(sealing.subject()),
            None => self.wanted_text(),
        })
    }

    fn wanted_text(&self) -> Option<String> {
        match (self.account, self.chain, self.nonce) {
            (Some(account), Some(chain), Some(nonce)) => {
                let action = action(self.new_key, self.new_owner, self.cancel);
                Some(RecoveryCommand { account, chain, nonce, action }.to_string())
            }
            _ => self.subject.clone(),
        }
    }
}

/// Arguments of `subject`.
#[derive(Debug, Args)]
pub struct SubjectArgs {
    /// The account that is guarded or recovered
    #[arg(long, value_name = "ADDRESS", requires_all = ["chain", "nonce"], required_unless_present = "command")]
    pub account: Option<Address>,
    /// Its chain's EIP-155 number, such as 1 for Ethereum
    #[arg(long, value_name = "ID", requires = "account")]
    pub chain: Option<u128>,
    /// The number that the recovery contract has drawn, for the configuration or the open round
    #[arg(long, value_name = "N", requires = "account")]
    pub nonce: Option<u64>,
    /// The key that it shall have; without it, the Subject is that of a guardian's consent
    #[arg(long, value_name = "ADDRESS", requires = "account")]
    pub new_key: Option<Address>,
    /// The owner that it shall have where that is more than an address: its bytes, such as a passkey's verifier and key
    #[arg(long, value_name = "HEX", requires = "account", conflicts_with = "new_key")]
    pub new_owner: Option<Owner>,
    /// The Subject is that of a guardian who stops a recovery
    #[arg(long, requires = "account", conflicts_with_all = ["new_key", "new_owner"])]
    pub cancel: bool,
    /// Seal it: the mail's providers see random characters
    #[arg(long, requires = "out")]
    pub sealed: bool,
    /// The recovery contract, which a sealed command names
    #[arg(long, value_name = "ADDRESS", requires = "sealed")]
    pub contract: Option<Address>,
    /// The command to seal, where a contract gives it: 0x and 62 digits
    #[arg(long, value_name = "HEX", requires = "sealed", conflicts_with = "account", value_parser = command_hash)]
    pub command: Option<CommandHash>,
    /// Where to write command and blinding, without which the mail can't be proved; only its owner can read it
    #[arg(long, value_name = "FILE", requires = "sealed")]
    pub out: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long, requires = "sealed")]
    pub force: bool,
}

impl SubjectArgs {
    /// The command in words; none where only its hash is given.
    pub fn recovery_command(&self) -> Option<RecoveryCommand> {
        let action = action(self.new_key, self.new_owner, self.cancel);
        let (account, chain, nonce) = (self.account?, self.chain?, self.nonce?);
        Some(RecoveryCommand { account, chain, nonce, action })
    }
}

/// What the flags say that the guardian says.
fn action(new_key: Option<Address>, new_owner: Option<Owner>, cancel: bool) -> Action {
    match new_key.map(Owner::Key).or(new_owner) {
        Some(owner) => owner.into(),
        None if cancel => Action::Cancel,
        None => Action::Guard,
    }
}

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The message as it was received; - for standard input
    pub message: PathBuf,
    /// Key records with their names: JSON from names to records, or what dig, host, nslookup or a zone
    /// file print; - for standard input. Or `live`: several resolvers that have to agree; or `system`: this machine's
    #[arg(long, value_name = "FILE, live or system")]
    pub dns: KeyRecords,
    #[command(flatten)]
    pub net: NetArgs,
    #[command(flatten)]
    pub how: MessageArgs,
}

/// Arguments of `commit`.
#[derive(Debug, Args)]
pub struct CommitArgs {
    /// The e-mail address, such as ann@example.org
    pub address: String,
    /// The salt's file, as `salt new` writes it
    #[arg(long, value_name = "FILE")]
    pub salt_file: PathBuf,
}

/// Arguments of `setup`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub struct SetupArgs {
    /// Import the powers of a ceremony from a .ptau file
    #[arg(long, value_name = "FILE", group = "what", conflicts_with = "insecure_dev")]
    pub ptau: Option<PathBuf>,
    /// Use the development SRS, whose secret is public: anybody can forge its proofs
    #[arg(long, group = "what")]
    pub insecure_dev: bool,
    /// Make the keys anew, also where they are there; alone: over the SRS that is set up
    #[arg(long, group = "what")]
    pub rebuild: bool,
    #[command(flatten)]
    pub layout: LayoutArgs,
}

/// Arguments of `prove`.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// The message as it was received; - for standard input
    #[arg(required_unless_present = "batch")]
    pub message: Option<PathBuf>,
    /// Prove every NAME.eml in this folder, each with the salt in NAME.salt and, where there is one, NAME.sealing
    /// beside it; what has its proof in --out already is passed over
    #[arg(long, value_name = "DIR", conflicts_with = "message")]
    pub batch: Option<PathBuf>,
    /// The account owner's salt; with --batch, that of mails without one of their own
    #[arg(long, value_name = "FILE", required_unless_present = "batch")]
    pub salt_file: Option<PathBuf>,
    /// The key registry, which stands in for DNS
    #[arg(long, value_name = "FILE")]
    pub registry: PathBuf,
    /// Check the message against its provider's key records as well: a file, `live` or `system`, as for `inspect`
    #[arg(long, value_name = "FILE, live or system")]
    pub dns: Option<KeyRecords>,
    #[command(flatten)]
    pub net: NetArgs,
    /// The proof file to write; with --batch, the folder for NAME.proof.json
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Replace an existing proof file
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub how: MessageArgs,
    #[command(flatten)]
    pub layout: LayoutArgs,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The proof file; - for standard input
    pub proof: PathBuf,
    /// The expected root of the key registry
    #[arg(long, value_name = "HEX", value_parser = field)]
    pub root: Option<Fr>,
    /// The expected commitment
    #[arg(long, value_name = "HEX", value_parser = field)]
    pub commitment: Option<Fr>,
    /// The expected nullifier
    #[arg(long, value_name = "HEX", value_parser = field)]
    pub nullifier: Option<Fr>,
    /// The expected Subject, in full
    #[arg(long, value_name = "TEXT", conflicts_with = "command")]
    pub subject: Option<String>,
    /// The command that the Subject is expected to be sealed over: 0x and 62 digits
    #[arg(long, value_name = "HEX", value_parser = command_hash)]
    pub command: Option<CommandHash>,
    /// The earliest time that the mail may have, in seconds since 1970; the proof must show one
    #[arg(long, value_name = "SECONDS")]
    pub not_before: Option<u64>,
    /// A verifying key; that of the SRS that is set up by default
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Accept a proof over the development SRS, which anybody can forge
    #[arg(long)]
    pub allow_insecure_dev: bool,
    #[command(flatten)]
    pub layout: LayoutArgs,
}

/// Arguments of `export-verifier`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace the folder of an earlier export; any other folder is kept
    #[arg(long)]
    pub force: bool,
    /// Folder with the pinned Solidity compiler (package.json, script, node_modules); not needed for
    /// a key whose bytecode is part of this program
    #[arg(long, value_name = "DIR")]
    pub solc: Option<PathBuf>,
    /// Export a verifier over the development SRS, whose proofs anybody can forge
    #[arg(long)]
    pub allow_insecure_dev: bool,
    #[command(flatten)]
    pub layout: LayoutArgs,
}

fn layout(name: &str) -> Result<CircuitParams, String> {
    CircuitParams::named(name).ok_or_else(|| {
        let names: Vec<&str> = CircuitParams::LAYOUTS.iter().map(|(name, _)| *name).collect();
        format!("there are {}", names.join(", "))
    })
}

fn field(text: &str) -> Result<Fr, String> {
    field_from_hex(text).ok_or_else(|| "not 0x and 64 lower-case digits of a number below r".into())
}

fn command_hash(text: &str) -> Result<CommandHash, String> {
    command_from_hex(text).ok_or_else(|| "not 0x and 62 lower-case digits".into())
}

/// Arguments with their meaning.
pub struct HiArgs {
    /// Standard output, for people or as JSON.
    pub output: Output,
    /// Where notes and progress go.
    pub progress: Box<dyn Progress>,
    /// Size of the pool of threads; `None` for all cores.
    pub threads: Option<usize>,
    cache_dir: Option<PathBuf>,
}

impl HiArgs {
    pub fn from_low(low: LowArgs) -> (HiArgs, Command) {
        let bars = std::io::stderr().is_terminal() && !low.json;
        let progress: Box<dyn Progress> = match low.quiet {
            true => Box::new(Silent),
            false => Box::new(Stderr::new(bars)),
        };
        let args = HiArgs {
            output: Output::new(low.json),
            progress,
            threads: low.threads.map(usize::from),
            cache_dir: low.cache_dir,
        };
        (args, low.command)
    }

    /// The cache folder; only commands that need it make it.
    pub fn cache(&self) -> zkdkim_store::Result<KeyCache> {
        match &self.cache_dir {
            Some(folder) => KeyCache::open(folder),
            None => KeyCache::open(&files::default_cache_folder()?),
        }
    }
}

/// The clock: what the user says, or the machine's.
pub fn clock(given: Option<u64>) -> Option<u64> {
    given.or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|time| time.as_secs()))
}
