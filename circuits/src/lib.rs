//! circuits

pub mod header;
