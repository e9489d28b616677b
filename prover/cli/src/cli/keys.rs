//! Arguments of `dns` and `registry`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use zkdkim_relation::recovery_subject::Address;

use super::net::NetArgs;

/// Commands of `dns`.
#[derive(Debug, Subcommand)]
pub enum DnsCommand {
    /// Read key records in any form that DNS tools print, and write JSON from names to records
    ///
    /// Reads dig, host, nslookup, zone files, DNS over HTTPS in JSON, lists of pieces (resolveTxt), bare
    /// records, base64 and PEM.
    Record {
        /// The file; - for standard input
        #[arg(default_value = "-")]
        file: PathBuf,
        /// The name of the record where the text doesn't have it: SELECTOR._domainkey.DOMAIN
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// The file to write; standard output by default
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Replace an existing file
        #[arg(long)]
        force: bool,
    },
    /// Look key records up, now, and write JSON from names to records
    Fetch {
        /// The signing domain
        domain: String,
        /// Its selectors, such as s1
        #[arg(required = true)]
        selectors: Vec<String>,
        /// Ask this machine's resolver instead of several that have to agree
        #[arg(long)]
        system: bool,
        /// The file to write; standard output by default
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Replace an existing file
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        net: NetArgs,
    },
}

/// Arguments of `registry`.
#[derive(Debug, Args)]
pub struct RegistryArgs {
    #[command(subcommand)]
    pub command: RegistryCommand,
    /// The registry's file; each of these commands needs it
    #[arg(long, value_name = "FILE", global = true)]
    pub file: Option<PathBuf>,
}

/// Commands of `registry`.
#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Make an empty registry
    Init {
        /// Replace an existing registry
        #[arg(long)]
        force: bool,
    },
    /// Add a key of a domain
    Add {
        /// The signing domain; the name of a selector, s1._domainkey.example.org, will do
        domain: String,
        /// Its key record, such as "v=DKIM1; k=rsa; p=…", in any form that `dns record` reads; - for
        /// standard input
        // PEM begins with hyphens.
        #[arg(allow_hyphen_values = true)]
        txt_record: String,
    },
    /// Remove a key of a domain; its slot stays empty for ever
    Remove {
        /// The signing domain
        domain: String,
        /// Which of its keys, where it has several
        #[arg(long)]
        slot: Option<u32>,
    },
    /// Print the root, which contracts hold
    Root,
    /// Print a key's leaf and the nodes beside its way to the root, by which a registry contract takes
    /// the key out of its tree at once (`acceptRemovals`)
    Path {
        /// The key's slot
        slot: u32,
    },
    /// List the keys
    Show,
    /// Look up the selectors of providers, now, and add keys that are new; what was rotated is told, nothing is removed
    Sync {
        /// Providers with their selectors, as `providers` has them, separated by tabs; the built-in list by default
        #[arg(long, value_name = "FILE")]
        providers: Option<PathBuf>,
        /// Ask this machine's resolver instead of several that have to agree
        #[arg(long)]
        system: bool,
        #[command(flatten)]
        net: NetArgs,
    },
    /// Print what the owner of a registry contract has to call so that it takes the file's root, after its delay
    Propose {
        /// A node of the chain
        #[arg(long, value_name = "URL")]
        rpc: String,
        /// The registry contract (KeyRegistryRoots)
        #[arg(long, value_name = "ADDRESS")]
        contract: Address,
        #[command(flatten)]
        net: NetArgs,
    },
}
