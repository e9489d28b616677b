//! The chip alone: its digests against the `sha2` crate, its constraints by MockProver.

use sha2::{Digest, Sha256};
use zkdkim_grid::Grid;
use zkdkim_plonk::{
    circuit::{Layouter, SimpleFloorPlanner},
    dev::MockProver,
    halo2curves::bn256::Fr,
    plonk::{Circuit, ConstraintSystem, Error},
};

use super::*;
use crate::statement::{CircuitParams, StatementConfig};

const K: u32 = 14;

/// Filler blocks of arbitrary words, a reset, then the padded message.
fn message(bytes: &[u8], filler_word: u32) -> Message {
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((8 * bytes.len() as u64).to_be_bytes());
    let filler = BLOCKS - padded.len() / 64;
    std::array::from_fn(|block| {
        let words = std::array::from_fn(|word| match block.checked_sub(filler) {
            None => filler_word.wrapping_mul(1 + (16 * block + word) as u32),
            Some(real) => {
                let at = 64 * real + 4 * word;
                u32::from_be_bytes(padded[at..at + 4].try_into().unwrap())
            }
        });
        (words, block + 1 == filler)
    })
}

fn digest_of(grid: &Grid<Fr>, assigned: &Sha256Assigned) -> Vec<u8> {
    let word = |cell: &CellRef| grid.value(*cell).unwrap().to_bytes()[..4].to_vec();
    assigned.digest.iter().flat_map(|cell| word(cell).into_iter().rev()).collect()
}

/// The chip and the lookup argument, nothing else of the statement.
struct ChipOnly(Message);

impl Circuit<Fr> for ChipOnly {
    type Config = StatementConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self(message(&[], 0))
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        StatementConfig::configure(meta, CircuitParams::default())
    }

    fn synthesize(
        &self,
        config: Self::Config,
        mut layouter: impl Layouter<Fr>,
    ) -> Result<(), Error> {
        let table = config.table();
        let usable = config.usable_rows(K);
        let mut grid = Grid::new();
        config.logup.assign_fixed(&mut grid, &table, usable);
        config.sha256.assign(&mut grid, 0, &self.0);
        config.logup.assign_multiplicities(&mut grid, &table, usable);
        layouter.assign_region(
            || "sha256",
            |mut region| {
                grid.assign(&mut region)?;
                let theta = region.get_challenge(config.columns.theta);
                let gamma = region.get_challenge(config.columns.gamma);
                let mut result = Ok(());
                theta.zip(gamma).map(|(theta, gamma)| {
                    let mut sums = Grid::new();
                    config.logup.assign_sums(&grid, &mut sums, &table, usable, theta, gamma);
                    result = sums.assign(&mut region);
                });
                result
            },
        )
    }
}

#[test]
fn digests_equal_sha2_at_every_length() {
    let config =
        StatementConfig::configure(&mut ConstraintSystem::default(), CircuitParams::default());
    let bytes: Vec<u8> = (0..1024u32).map(|i| (i * i + 7 * i) as u8).collect();
    // Every length of the last block, and the longest.
    for length in (0..=72).chain([500, 1015, 1016, 1023, 1024]) {
        let mut grid = Grid::new();
        let assigned = config.sha256.assign(&mut grid, 0, &message(&bytes[..length], 0x9e37_79b9));
        assert_eq!(
            digest_of(&grid, &assigned),
            Sha256::digest(&bytes[..length]).to_vec(),
            "{length}"
        );
    }
}

#[test]
fn accepts_honest_witnesses() {
    let bytes: Vec<u8> = (0..1024u32).map(|i| (i * 31 + 3) as u8).collect();
    for length in [0, 55, 56, 64, 1024] {
        let prover =
            MockProver::run(K, &ChipOnly(message(&bytes[..length], u32::MAX)), vec![vec![]]);
        assert_eq!(prover.unwrap().verify(), Ok(()), "{length} bytes");
    }
}
