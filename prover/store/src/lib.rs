//! What zkdkim asks of the machine it runs on: SRS files, keys, registries, salts and proofs on disk, and the time.
//!
//! ```text
//! files      bounded reads, atomic writes, a lock between processes
//! documents  the files of users: message, DNS records, registry, salt, proof
//! binary     SRS and keys, and the import of `.ptau` files
//! manifest   the ceremonies whose digests were published
//! cache      the folder in which SRS and keys are kept
//! timing     wall and CPU time of a step
//! ```
//!
//! No file is read whole before its length was compared with a limit, and none is ever seen half written.

pub mod binary;
pub mod cache;
pub mod documents;
pub mod error;
pub mod files;
pub mod manifest;
pub mod timing;

pub use cache::{KeyCache, Reuse};
pub use error::{Error, Result};
pub use files::Overwrite;
