//! Every fold of both circuits: gas against proving time, as a table and as a plot, with peers beside.
//!
//! Each point is measured in a process of its own, so that its peak memory is its own.

use std::{fmt::Write, path::Path, process::Command};

use anyhow::{ensure, Result};
use serde::Deserialize;
use zkdkim_circuits::statement::CircuitParams;

/// Proofs for each point.
pub const RUNS: usize = 3;
const MOST_FOLD: usize = 16;

/// What of a layout's figures stands in table and plot.
#[derive(Clone, Debug, Deserialize)]
struct Point {
    layout: String,
    k: u32,
    fold: usize,
    prove_cpu_s: f64,
    prove_wall_s: f64,
    stock_prove_cpu_s: f64,
    peak_mb: f64,
    proof_bytes: usize,
    gas: u64,
    batch_marginal_gas: u64,
}

/// A verifier that others use for this job; its gas was measured, its proving time only where it is given.
struct Peer {
    name: &'static str,
    gas: u64,
    cpu_s: Option<f64>,
}

/// Measured when the design was made: whole transactions, on this machine's kind.
const PEERS: [Peer; 2] = [
    Peer { name: "Groth16 verifier of email-recovery, 34 signals", gas: 413_000, cpu_s: None },
    Peer { name: "Barretenberg UltraHonk, optimized", gas: 887_000, cpu_s: Some(6.2) },
];

/// Measures all points; prints the table, and writes it with the plot where a folder is given.
///
/// # Errors
///
/// Where a point can't be measured, or the files not be written.
pub fn run(folder: Option<&Path>) -> Result<()> {
    let mut points = vec![];
    let mut json = vec![];
    for circuit in [CircuitParams::ON_CHAIN, CircuitParams::QUICK] {
        for fold in 1..=MOST_FOLD {
            let arguments = [circuit.k as usize, circuit.lookups, fold].map(|n| n.to_string());
            let program = std::env::current_exe()?;
            let output = Command::new(program).arg("--point").args(arguments).output()?;
            let errors = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "k = {}, fold {fold}: {errors}", circuit.k);
            json.push(serde_json::from_slice::<serde_json::Value>(&output.stdout)?);
            points.push(serde_json::from_slice::<Point>(&output.stdout)?);
            eprintln!("k = {}, fold {fold}", circuit.k);
        }
    }
    let table = table(&points);
    print!("{table}");
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("curve.md"), table)?;
        let json = serde_json::to_string_pretty(&json)? + "\n";
        std::fs::write(folder.join("curve.json"), json)?;
        std::fs::write(folder.join("curve.svg"), plot(&points))?;
    }
    Ok(())
}

fn table(points: &[Point]) -> String {
    let mut text = String::from(
        "| k | fold | layout | CPU-s | wall, s | against Halo2's prover | peak, MB | proof, bytes | gas \
         | gas of each further proof in a batch |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for p in points {
        let name = if p.layout.contains(' ') { "" } else { &p.layout };
        let _ = writeln!(
            text,
            "| {} | {} | {name} | {:.2} | {:.2} | {:.2} | {:.0} | {} | {} | {} |",
            p.k,
            p.fold,
            p.prove_cpu_s,
            p.prove_wall_s,
            p.prove_cpu_s / p.stock_prove_cpu_s,
            p.peak_mb,
            p.proof_bytes,
            p.gas,
            p.batch_marginal_gas,
        );
    }
    text
}

/// The plot's frame: proving time from left to right, gas from top to bottom.
struct Frame {
    most_cpu_s: f64,
    most_gas: f64,
}

impl Frame {
    const LEFT: f64 = 80.0;
    const TOP: f64 = 20.0;
    const WIDTH: f64 = 600.0;
    const HEIGHT: f64 = 380.0;

    fn x(&self, cpu_s: f64) -> f64 {
        Self::LEFT + Self::WIDTH * cpu_s / self.most_cpu_s
    }

    fn y(&self, gas: f64) -> f64 {
        Self::TOP + Self::HEIGHT * (1.0 - gas / self.most_gas)
    }
}

fn plot(points: &[Point]) -> String {
    let frame = Frame { most_cpu_s: 7.0, most_gas: 1_000_000.0 };
    let (left, bottom) = (Frame::LEFT, Frame::TOP + Frame::HEIGHT);
    let right = left + Frame::WIDTH;
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 470\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"760\" height=\"470\" fill=\"white\"/>\n",
    );
    let mut line = |x1: f64, y1: f64, x2: f64, y2: f64, style: &str| {
        let _ = writeln!(
            svg,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" {style}/>"
        );
    };
    line(left, bottom, right, bottom, "stroke=\"black\"");
    line(left, Frame::TOP, left, bottom, "stroke=\"black\"");
    for peer in &PEERS {
        let y = frame.y(peer.gas as f64);
        line(left, y, right, y, "stroke=\"#999\" stroke-dasharray=\"4\"");
    }
    let mut text = |x: f64, y: f64, anchor: &str, text: &str| {
        let _ =
            writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
    };
    for s in 0..=7 {
        text(frame.x(f64::from(s)), bottom + 18.0, "middle", &s.to_string());
    }
    for gas in (0..=1000).step_by(200) {
        let label = format!("{gas}k");
        text(left - 8.0, frame.y(f64::from(gas) * 1000.0) + 4.0, "end", &label);
    }
    text(left + Frame::WIDTH / 2.0, bottom + 40.0, "middle", "proving, CPU seconds");
    text(left, Frame::TOP - 6.0, "middle", "gas");
    for peer in &PEERS {
        let y = frame.y(peer.gas as f64);
        text(right, y - 5.0, "end", peer.name);
    }
    for p in points.iter().filter(|p| !p.layout.contains(' ')) {
        let (x, y) = (frame.x(p.prove_cpu_s), frame.y(p.gas as f64));
        text(x + 7.0, y + 16.0, "start", &p.layout);
    }
    for (k, colour) in [(14, "#1f4e9c"), (13, "#b4471f")] {
        let own: Vec<&Point> = points.iter().filter(|p| p.k == k).collect();
        let place = |p: &&Point| (frame.x(p.prove_cpu_s), frame.y(p.gas as f64));
        for (x, y) in own.iter().map(place) {
            let _ =
                writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
        }
        if let Some((x, y)) = own.first().map(place) {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">k = {k}, fold 1 to 16</text>",
                x + 8.0,
                y + 4.0
            );
        }
    }
    for peer in &PEERS {
        if let Some(cpu_s) = peer.cpu_s {
            let (x, y) = (frame.x(cpu_s), frame.y(peer.gas as f64));
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#666\"/>");
        }
    }
    svg + "</svg>\n"
}
