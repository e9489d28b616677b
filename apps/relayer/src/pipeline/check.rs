//! Every native rule, and what the Subject asks for: milliseconds, before anything costs more.

use alloy::primitives::Address;
use sha2::{Digest, Sha256};
use zkdkim_relation::{
    inspect::{inspect_under, KeySource, Policy, Provable, UnsignedParts},
    recovery_subject::{advice, Command},
    sealed::spelt_seal,
    KeyRegistry,
};

use crate::job::{Refused, Target};

/// A mail that can be proved.
#[derive(Debug)]
pub struct Mail {
    /// What was signed, and with which key.
    pub provable: Provable,
    /// What its Subject says; the contract is not known yet.
    pub target: Target,
}

/// SHA-256 of a mail's signed header block.
pub fn header_digest(provable: &Provable) -> [u8; 32] {
    Sha256::digest(&provable.header.bytes).into()
}

/// Checks every rule on a message as it was received. `clock` is in seconds since 1970.
///
/// Of the message only the signed header is proved, so a body that some server changed is no reason to refuse.
///
/// # Errors
///
/// The rule that fails, with its place and a hint; `sealed-subject`, `subject` or `chain` for a Subject that is of no use
/// here. With them, the address that the mail is proved to be from, if it is.
pub fn check(
    message: &[u8],
    registry: &KeyRegistry,
    clock: u64,
) -> Result<Mail, (Refused, Option<Box<Provable>>)> {
    let policy = Policy { clock: Some(clock), unsigned_parts: UnsignedParts::MayDiffer };
    let inspection = inspect_under(message, KeySource::Registry(registry), &policy);
    let provable = inspection.verdict.map_err(|refusal| (refusal.into(), None))?;
    match target(&provable.view.subject) {
        Ok(target) => Ok(Mail { provable: *provable, target }),
        Err(refused) => Err((refused, Some(provable))),
    }
}

fn target(subject: &[u8]) -> Result<Target, Refused> {
    if spelt_seal(subject).is_some() {
        return Err(Refused::new(
            "sealed-subject",
            "the Subject is sealed, and only the wallet that sealed it can say over what",
            "prove this mail on the wallet's own device, and hand in the proof",
        ));
    }
    let text = String::from_utf8_lossy(subject);
    let Ok(command) = text.parse::<Command>() else {
        let (detail, hint) = match advice(subject) {
            Some(note) => (note.detail, note.hint),
            None => ("no recovery contract asks for this Subject".into(), String::new()),
        };
        return Err(Refused::new("subject", detail, hint));
    };
    let chain = u64::try_from(command.chain).map_err(|_| {
        Refused::new("chain", "no chain has this identifier", "ask for the Subject again")
    })?;
    Ok(Target::of(&command, chain, Address::ZERO))
}
