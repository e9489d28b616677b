//! Other authors' parsers and verifiers on the same messages.

mod authors;
mod authors_support;
mod canonicalisation;
