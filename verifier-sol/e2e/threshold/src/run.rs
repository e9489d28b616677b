//! Starts the parties, each in a thread of its own.

use std::{collections::BTreeSet, thread};

use dkls23::protocols::Parameters;
use rand::{rngs::OsRng, RngCore};

use crate::{
    error::{Error, Result},
    keygen, network,
    network::Link,
    sign, Party, Signature, FIRST_PARTY,
};

/// Makes a key of which any `threshold` of the `parties` can sign; the result holds a party's share each.
///
/// # Errors
///
/// [`Error::Parameters`], and those of [`keygen()`].
pub fn keygen_all(threshold: u8, parties: u8) -> Result<Vec<Party>> {
    let parameters = Parameters::new(threshold, parties)?;
    let indices: Vec<u8> = (FIRST_PARTY..=parties).collect();
    let session_id = fresh_id();
    let shares =
        in_threads(network::connect(&indices), |link| keygen(link, &parameters, &session_id))?;
    match shares.iter().all(|share| share.pk == shares[0].pk) {
        true => Ok(shares),
        false => Err(Error::Disagreement),
    }
}

/// Signs with exactly as many shares as the group's threshold says.
///
/// # Errors
///
/// [`Error::WrongQuorum`], [`Error::DifferentGroups`], and those of [`sign()`].
pub fn sign_all(shares: &[Party], digest: &[u8; 32]) -> Result<Signature> {
    let indices: BTreeSet<u8> = shares.iter().map(|share| share.party_index.as_u8()).collect();
    let expected = shares.first().map_or(2, |share| share.parameters.threshold.into());
    if indices.len() != expected || shares.len() != expected {
        return Err(Error::WrongQuorum { expected, got: indices.len() });
    }
    if let Some(other) = shares.iter().find(|share| share.pk != shares[0].pk) {
        let (first, other) = (shares[0].address.clone(), other.address.clone());
        return Err(Error::DifferentGroups { first, other });
    }
    let order: Vec<u8> = shares.iter().map(|share| share.party_index.as_u8()).collect();
    let sign_id = fresh_id();
    let ends: Vec<_> = network::connect(&order).into_iter().zip(shares).collect();
    let signatures =
        in_threads(ends, |(link, share): (Link, &Party)| sign(link, share, &sign_id, digest))?;
    match signatures.iter().all(|signature| *signature == signatures[0]) {
        true => Ok(signatures[0]),
        false => Err(Error::Disagreement),
    }
}

/// An identifier that all parties of a run share. In earnest they agree on it beforehand.
fn fresh_id() -> [u8; 32] {
    let mut id = [0; 32];
    OsRng.fill_bytes(&mut id);
    id
}

/// Runs all parties at the same time. Where one fails the others do too; the cause is reported.
fn in_threads<E: Send, T: Send>(
    ends: Vec<E>,
    party: impl Fn(E) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let party = &party;
    let results: Vec<Result<T>> = thread::scope(|scope| {
        let threads: Vec<_> = ends.into_iter().map(|end| scope.spawn(move || party(end))).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        threads.into_iter().map(join).collect()
    });
    let (mut done, mut failures) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => done.push(value),
            Err(error) => failures.push(error),
        }
    }
    failures.sort_by_key(Error::is_consequence);
    match failures.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(done),
    }
}
