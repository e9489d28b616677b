//! The determinism check on circuits small enough to decide by hand.

mod book;
mod lanes;
mod toys;
