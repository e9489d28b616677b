//! From a mail in the store to a proof in the store.
//!
//! ```text
//! received ─► check: every native rule; which contract waits for it ─► checked
//! checked  ─► salt source ─► prove, on a thread of its own            ─► proved
//! ```

mod check;
mod keys;
mod nodes;
mod prove;
mod salt;
mod worker;

pub use check::{check, header_digest, Mail};
pub use keys::{KeySource, RegistryFile};
pub use nodes::{Either, SaltNodes};
pub use prove::Proving;
pub use salt::{Asked, SaltFault, SaltFolder, SaltSource};
pub use worker::{Chain, Worker};
