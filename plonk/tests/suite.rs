//! Keys, SRS files and folded openings.

mod common;
mod folded;
mod keys;
mod ptau;
