//! Prints the deterministic costs, compares them with the golden file, or writes it anew.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{bail, Result};
use zkdkim_benches::cost::{self, Golden};
use zkdkim_circuits::statement::CircuitParams;

const USAGE: &str = "\
usage: cost-report [--check | --write]

Without an option: prints the report as JSON.
  --check  compares it with the golden file; exit code 1 where they differ
  --write  regenerates the golden file; say in CHANGELOG.md whether the verifying key changed";

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mode = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => None,
        [mode @ ("--check" | "--write")] => Some(mode.to_owned()),
        ["--help" | "-h"] => {
            println!("{USAGE}");
            return Ok(ExitCode::SUCCESS);
        }
        _ => bail!("{USAGE}"),
    };
    let params = CircuitParams::default();
    let path: PathBuf = cost::golden_path(params);
    let measured = cost::measure(params)?;
    eprintln!("measured gas of the verifying transaction: {}", measured.verify_gas);
    match mode.as_deref() {
        Some("--check") => match cost::compare(&path, &measured)? {
            Golden::Equal => println!("{} is up to date", path.display()),
            Golden::Differs(difference) => {
                println!("{difference}");
                return Ok(ExitCode::FAILURE);
            }
        },
        Some(_) => {
            std::fs::write(&path, measured.report.to_json())?;
            println!("wrote {}", path.display());
        }
        None => print!("{}", measured.report.to_json()),
    }
    Ok(ExitCode::SUCCESS)
}
