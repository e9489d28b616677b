//! The key contract's data: what the verifier copies into its memory before the inputs.

use std::fmt::Write;

use zkdkim_plonk::{
    halo2curves::{
        bn256::{Bn256, Fr},
        ff::{Field, PrimeField},
    },
    poly::kzg::commitment::ParamsKZG,
};

use zkdkim_plonk::words::{g1_words, g2_words, modulus_word, scalar_word, Word};

use crate::{
    memory::{Memory, CONSTANTS},
    plan::Plan,
    yul::Printed,
};

/// The data, piece by piece, each with a title.
#[derive(Default)]
pub(crate) struct KeyBlock(Vec<(String, Vec<u8>)>);

impl KeyBlock {
    /// Collects the pieces in the order of [`Memory`].
    pub fn new(plan: &Plan, memory: &Memory, printed: &Printed, params: &ParamsKZG<Bn256>) -> Self {
        let mut block = Self(vec![]);
        let g2: Vec<Word> = g2_words(&params.s_g2()).to_vec();
        let minus_g2: Vec<Word> = g2_words(&-params.g2()).to_vec();
        let room = [Word::default(); 2];
        block.words("pairing: room for h2", &room);
        block.words("[s] of G2", &g2);
        block.words("room for the sum of commitments", &room);
        block.words("minus the generator of G2", &minus_g2);

        let n = Fr::from(1u64 << plan.k);
        let constants: [Word; CONSTANTS] = [
            modulus_word::<Fr>(),
            scalar_word(&n.invert().expect("a power of two")),
            scalar_word(&plan.omega),
            scalar_word(&power(&plan.omega, memory.lagrange.0)),
            scalar_word(&Fr::DELTA),
        ];
        block.words("group order, 1/n, omega, omega^first, delta", &constants);
        for set in &plan.sets {
            let title = format!("barycentric weights of the rotations {:?}", set.rotations);
            block.words(&title, &weights(plan, &set.rotations));
        }
        block.words("constants of gates", &printed.literals);
        let rotations: Vec<Word> =
            plan.rotations().iter().map(|r| scalar_word(&power(&plan.omega, *r))).collect();
        block.words(&format!("omega^i for i in {:?}", plan.rotations()), &rotations);
        for (i, point) in plan.fixed.iter().enumerate() {
            block.words(&format!("fixed {i}"), &g1_words(point));
        }
        for (i, point) in plan.sigma.iter().enumerate() {
            block.words(&format!("permutation {i}"), &g1_words(point));
        }
        let permutation = plan.permutation.iter().map(|e| memory.eval(*e)).collect();
        block.table("evaluations of the permuted columns", permutation);
        block.table("openings", openings(plan, memory));
        block.words("what the transcript starts with", &[scalar_word(&plan.transcript_digest)]);
        debug_assert_eq!(block.runtime().len(), 1 + memory.key_bytes());
        block
    }

    pub fn words(&mut self, title: &str, words: &[Word]) {
        if !words.is_empty() {
            self.0.push((title.to_owned(), words.concat()));
        }
    }

    /// 16-bit addresses, padded to whole words.
    fn table(&mut self, title: &str, entries: Vec<usize>) {
        let entry = |e: usize| u16::try_from(e).expect("checked by the layout").to_be_bytes();
        let mut bytes: Vec<u8> = entries.into_iter().flat_map(entry).collect();
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        self.0.push((title.to_owned(), bytes));
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

/// The table that the opening walks through; see the template's `_checkOpening`.
fn openings(plan: &Plan, memory: &Memory) -> Vec<usize> {
    let mut entries = vec![];
    let mut weights = memory.weights;
    for (index, set) in plan.sets.iter().enumerate() {
        // The very first commitment has the scalar one and starts the sum.
        let polys = &set.polys[usize::from(index == 0)..];
        entries.extend([set.rotations.len(), polys.len(), weights]);
        weights += 0x20 * set.rotations.len();
        entries.extend(set.rotations.iter().map(|r| memory.rotation(*r)));
        entries.extend(polys.iter().map(|(poly, _)| memory.poly(*poly)));
    }
    entries
}

/// 1/Π(ω^p − ω^q) over the other rotations q of the set.
fn weights(plan: &Plan, rotations: &[i32]) -> Vec<Word> {
    let weight = |p: &i32| {
        let others = rotations.iter().filter(|q| *q != p);
        let product = others
            .map(|q| power(&plan.omega, *p) - power(&plan.omega, *q))
            .fold(Fr::ONE, |product, factor| product * factor);
        scalar_word(&product.invert().expect("distinct points"))
    };
    rotations.iter().map(weight).collect()
}

fn power(base: &Fr, exponent: i32) -> Fr {
    let magnitude = base.pow_vartime([u64::from(exponent.unsigned_abs())]);
    if exponent < 0 {
        magnitude.invert().expect("a root of unity")
    } else {
        magnitude
    }
}
