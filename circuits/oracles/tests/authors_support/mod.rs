//! Messages with any kind of From, and what parsers make of them.

// The example needs only a part.
#![allow(dead_code)]

pub mod generate;
pub mod parsers;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const SEED: u64 = 5322;

/// Messages that the statement accepts but for their signature, each with the address that would be
/// proved.
pub fn cases() -> impl Iterator<Item = (Vec<u8>, String)> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    std::iter::repeat_with(move || generate::message(&mut rng)).filter_map(|message| {
        let proved = parsers::proved(&message)?;
        Some((message, proved))
    })
}
