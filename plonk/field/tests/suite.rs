//! The arithmetic against that of `halo2curves`, on edge values and at random.

mod quads;
