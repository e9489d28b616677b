//! The determinism check on circuits small enough to decide by hand.

mod book;
mod toys;
