//! Writes the messages on which `tests/authors.rs` compares parsers, one JSON object a line, for
//! parsers in other languages: `cargo run -p zkdkim-oracles --example author_cases -- 100000 |
//! python3 test-vectors/scripts/authors.py`.

#[path = "../tests/authors_support/mod.rs"]
mod authors_support;

use std::io::Write;

use authors_support::cases;

fn main() -> std::io::Result<()> {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1_000);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (message, proved) in cases().take(count) {
        let line = serde_json::json!({ "message": hex::encode(message), "proved": proved });
        writeln!(out, "{line}")?;
    }
    out.flush()
}
