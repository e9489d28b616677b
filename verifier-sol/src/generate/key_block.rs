//! The key contract's data: what the verifier copies into its memory before the inputs.

use std::fmt::Write;

use zkdkim_plonk::words::Word;

/// The data, piece by piece, each with a title.
#[derive(Default)]
pub(super) struct KeyBlock(Vec<(String, Vec<u8>)>);

impl KeyBlock {
    pub fn words(&mut self, title: &str, words: &[Word]) {
        if !words.is_empty() {
            self.0.push((title.to_owned(), words.concat()));
        }
    }

    /// The contract's code: a stop, then the data.
    pub fn runtime(&self) -> Vec<u8> {
        std::iter::once(0).chain(self.0.iter().flat_map(|(_, bytes)| bytes.clone())).collect()
    }

    /// The data as Solidity literals with titles.
    pub fn solidity(&self) -> String {
        let mut text = String::new();
        for (title, bytes) in &self.0 {
            let _ = writeln!(text, "            // {title}");
            for line in bytes.chunks(32) {
                let _ = writeln!(text, "            hex\"{}\"", hex::encode(line));
            }
        }
        text.trim_end().to_owned()
    }
}
