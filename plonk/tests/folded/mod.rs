//! The folded proof system, beside the stock one.

mod common;
mod known_answer;
mod mutations;
mod parameters;
mod random;
