//! The command line: `zkdkim-threshold`.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use serde_json::{json, Value};
use zkdkim_threshold::{run, share, Error};

const REFUSED: u8 = 1;
const USAGE: u8 = 2;

/// A threshold ECDSA key whose parties run in one process: for tests, not for custody
///
/// Each command prints one JSON object on standard output. Exit codes: 0 done, 1 the protocol refused,
/// 2 usage or environment.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key together and write a share for each party
    Keygen {
        /// The folder to make for the shares
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// How many parties a signature takes
        #[arg(long, value_name = "N", default_value_t = 2)]
        threshold: u8,
        /// How many parties there are
        #[arg(long, value_name = "N", default_value_t = 3)]
        parties: u8,
    },
    /// Sign a digest together
    Sign {
        /// 0x and the 64 hexadecimal digits of what is signed, which is not hashed again
        #[arg(value_parser = digest)]
        digest: [u8; 32],
        /// A share; once for each signer
        #[arg(long = "share", value_name = "FILE", required = true)]
        shares: Vec<PathBuf>,
    },
}

fn digest(text: &str) -> Result<[u8; 32], String> {
    let mut bytes = [0; 32];
    let digits = text.strip_prefix("0x").unwrap_or_default();
    hex::decode_to_slice(digits, &mut bytes)
        .map_err(|_| "not 0x and 64 hexadecimal digits".to_owned())?;
    Ok(bytes)
}

fn main() -> ExitCode {
    // clap reports a usage error itself, with exit code 2.
    let args = Args::parse();
    match run_command(args.command) {
        Ok(object) => match writeln!(io::stdout().lock(), "{object}") {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                eprintln!("error: cannot write the result: {error}");
                ExitCode::from(USAGE)
            }
            _ => ExitCode::SUCCESS,
        },
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(if error.is_refusal() { REFUSED } else { USAGE })
        }
    }
}

fn run_command(command: Command) -> Result<Value, Error> {
    match command {
        Command::Keygen { out, threshold, parties } => {
            let shares = run::keygen_all(threshold, parties)?;
            share::write_all(&out, &shares)?;
            let files: Vec<_> = shares
                .iter()
                .map(|party| share::path(&out, party.party_index.as_u8()).display().to_string())
                .collect();
            Ok(json!({
                "type": "threshold-key", "version": 1, "address": shares[0].address,
                "threshold": threshold, "parties": parties, "shares": files,
            }))
        }
        Command::Sign { digest, shares } => {
            let shares =
                shares.iter().map(|path| share::read(path)).collect::<Result<Vec<_>, _>>()?;
            let signature = run::sign_all(&shares, &digest)?;
            let hex = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
            let signers: Vec<_> = shares.iter().map(|share| share.party_index.as_u8()).collect();
            Ok(json!({
                "type": "threshold-signature", "version": 1, "address": shares[0].address,
                "signers": signers, "digest": hex(&digest),
                "r": hex(&signature.r), "s": hex(&signature.s), "v": signature.v,
                "signature": hex(&signature.to_bytes()),
            }))
        }
    }
}
