//! Tests of the folded proof system, in one program: compiling Halo2's generic provers once is enough.

#[path = "folded/common.rs"]
mod common;
#[path = "folded/known_answer.rs"]
mod known_answer;
#[path = "folded/mutations.rs"]
mod mutations;
#[path = "folded/random.rs"]
mod random;
