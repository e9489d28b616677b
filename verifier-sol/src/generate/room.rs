//! What the printed program takes: constants of the key block and words of memory.

use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    words::{modulus_word, scalar_word, Word},
};

use super::{
    code::Code,
    layout::{Layout, Sizes, WORD},
};
use crate::literal::{hex_word, small_word};

/// Where long constants stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Constants {
    /// In the code: 3 gas and 33 bytes for each use.
    InCode,
    /// In the key: some 12 gas, 32 bytes for all uses and 4 for each.
    InKey,
}

/// Hands out constants and slots while the program is printed.
#[derive(Debug)]
pub(super) struct Room<'a> {
    pub layout: &'a Layout,
    place: Constants,
    constants: Vec<Word>,
    slots: usize,
}

impl<'a> Room<'a> {
    pub fn new(layout: &'a Layout, place: Constants) -> Self {
        // The group order is the first constant; see the template's ORDER.
        Self { layout, place, constants: vec![modulus_word::<Fr>()], slots: 0 }
    }

    pub fn sizes(&self) -> Sizes {
        Sizes { constants: self.constants.len(), slots: self.slots }
    }

    pub fn constants(&self) -> &[Word] {
        &self.constants
    }

    /// A small constant stands in the code, others where they were said to.
    pub fn constant(&mut self, x: &Fr) -> Code {
        let word = scalar_word(x);
        if small_word(&word).is_some() || self.place == Constants::InCode {
            return Code::leaf(hex_word(&word), 1);
        }
        let index = self.constants.iter().position(|w| *w == word).unwrap_or_else(|| {
            self.constants.push(word);
            self.constants.len() - 1
        });
        Code::leaf(load(self.layout.constants + WORD * index), 1)
    }

    /// The address of a new word.
    pub fn slot(&mut self) -> usize {
        self.slots += 1;
        self.layout.slots + WORD * (self.slots - 1)
    }
}

/// Reads a word.
pub(super) fn load(address: usize) -> String {
    format!("mload({address:#x})")
}
