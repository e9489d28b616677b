//! Escrows that recovery contracts published, tried with the key of an address: which accounts an address guards, and the
//! salts.
//!
//! What an account publishes is any number of escrows, one behind the other. To try one takes a pairing and a test that its
//! point lies in the group; anybody may publish, so what is no escrow is passed over.

use std::ops::RangeInclusive;

use rayon::prelude::*;
use zkdkim_net::{contracts, Rpc};
use zkdkim_relation::{recovery_subject::Address, Salt};
use zkdkim_salt::{Escrow, Identity, IdentityKey, ESCROW_BYTES};

use crate::error::Result;

/// An escrow that opened.
pub struct Found {
    /// Whose escrow it is.
    pub account: Address,
    /// The block in which it was published.
    pub block: u64,
    /// The salt. Whether it is the account's own, its commitment says: anybody can encrypt any salt to anybody.
    pub salt: Salt,
}

/// What a search came to.
pub struct Scan {
    /// Events that were read.
    pub events: usize,
    /// Escrows that were tried.
    pub tried: usize,
    /// Events with something else than escrows.
    pub unreadable: usize,
    /// Escrows that opened, oldest first.
    pub found: Vec<Found>,
}

/// The bytes that an account publishes for these escrows.
pub fn publication(escrows: &[Escrow]) -> Vec<u8> {
    escrows.iter().flat_map(Escrow::to_bytes).collect()
}

/// Pieces of a publication that may be escrows; none where it is no row of them.
fn pieces(published: &[u8]) -> Option<Vec<&[u8]>> {
    let whole = !published.is_empty() && published.len().is_multiple_of(ESCROW_BYTES);
    whole.then(|| published.chunks(ESCROW_BYTES).collect())
}

/// Reads the escrows that a recovery contract published in a range of blocks, for one account or for all, and tries the key
/// on each, on all cores.
///
/// # Errors
///
/// [`Error::Net`](crate::Error::Net) where the chain can't be asked.
pub fn find(
    rpc: &Rpc,
    recovery: &Address,
    account: Option<&Address>,
    blocks: RangeInclusive<u64>,
    identity: &Identity,
    key: &IdentityKey,
) -> Result<Scan> {
    let account = account.map(|account| &account.0);
    let events = contracts::escrow_events(rpc, &recovery.0, account, blocks)?;
    let mut unreadable = 0;
    let mut tries = Vec::new();
    for event in &events {
        match pieces(&event.escrow) {
            Some(pieces) => tries.extend(pieces.into_iter().map(|piece| (event, piece))),
            None => unreadable += 1,
        }
    }
    let open = |(event, piece): &(&contracts::EscrowEvent, &[u8])| {
        let salt = Escrow::from_bytes(piece).and_then(|escrow| escrow.open(identity, key)).ok()?;
        Some(Found { account: Address(event.account), block: event.block, salt })
    };
    let found = tries.par_iter().filter_map(open).collect();
    Ok(Scan { events: events.len(), tried: tries.len(), unreadable, found })
}
