//! Arguments of commands that ask others: resolvers, nodes, chains.

use std::{convert::Infallible, path::PathBuf, str::FromStr};

use clap::Args;
use zkdkim_net::PlainHttp;

/// Where key records come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyRecords {
    /// A file, or standard input.
    File(PathBuf),
    /// Several resolvers over HTTPS that have to agree.
    Live,
    /// This machine's resolver.
    System,
}

impl FromStr for KeyRecords {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "live" => KeyRecords::Live,
            "system" => KeyRecords::System,
            file => KeyRecords::File(file.into()),
        })
    }
}

/// How others are asked.
#[derive(Clone, Debug, Args)]
pub struct NetArgs {
    /// The resolvers that `live` asks, and how many have to agree, in TOML; three of five that are built in by default
    #[arg(long, value_name = "FILE")]
    pub resolvers: Option<PathBuf>,
    /// Root certificates in PEM that are trusted besides Mozilla's
    #[arg(long, value_name = "FILE")]
    pub tls_roots: Option<PathBuf>,
    /// Ask http:// too, where everybody on the way can answer: on this machine, or for development
    #[arg(long)]
    pub allow_plain_http: bool,
    /// Seconds for each answer
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: u64,
}

impl NetArgs {
    /// Whether something is asked without TLS.
    pub fn plain(&self) -> PlainHttp {
        match self.allow_plain_http {
            true => PlainHttp::AllowedInsecurely,
            false => PlainHttp::Refused,
        }
    }
}
