//! Prints the deterministic costs of every layout, compares them with the golden files, or writes these anew.

use std::process::ExitCode;

use anyhow::{bail, Result};
use zkdkim_benches::cost::{self, Golden};
use zkdkim_circuits::statement::CircuitParams;

const USAGE: &str = "\
usage: cost-report [--check | --write]

Without an option: prints the reports as JSON.
  --check  compares them with the golden files; exit code 1 where they differ
  --write  regenerates the golden files; say in CHANGELOG.md whether the verifying key changed";

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
    let mut equal = true;
    for (_, params) in CircuitParams::LAYOUTS {
        equal &= report(params, mode.as_deref())?;
    }
    Ok(if equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One layout; false where it differs from its golden file.
fn report(params: CircuitParams, mode: Option<&str>) -> Result<bool> {
    let path = cost::golden_path(params);
    let measured = cost::measure(params)?;
    eprintln!(
        "measured gas of the verifying transaction, layout {}: {}",
        params.name().unwrap_or("unnamed"),
        measured.verify_gas
    );
    match mode {
        Some("--check") => match cost::compare(&path, &measured)? {
            Golden::Equal => println!("{} is up to date", path.display()),
            Golden::Differs(difference) => {
                println!("{difference}");
                return Ok(false);
            }
        },
        Some(_) => {
            std::fs::write(&path, measured.report.to_json())?;
            println!("wrote {}", path.display());
        }
        None => print!("{}", measured.report.to_json()),
    }
    Ok(true)
}
