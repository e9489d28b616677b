//! Which node of a committee.

use std::{fmt, num::NonZeroU8};

/// The number of a node in its committee, from 1 on: where its share is the value of the polynomial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeIndex(NonZeroU8);

impl NodeIndex {
    /// None for 0, where the polynomial has the secret that nobody may have.
    pub fn new(index: u8) -> Option<NodeIndex> {
        NonZeroU8::new(index).map(NodeIndex)
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0.get()
    }
}

impl fmt::Display for NodeIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
