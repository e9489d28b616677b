//! A proof file and the proof in it.

use zkdkim_plonk::verify::verify;
use zkdkim_prover::Proof;

use crate::{edits, small::fixture};

/// Makes what every run needs, so that the first run is not the slow one.
pub fn prepare() {
    fixture();
}

/// The first byte says what the rest is: a file, a proof, or changes to an honest proof. Only the
/// honest proof of the honest public inputs is accepted.
pub fn run(data: &[u8]) -> bool {
    let Some((first, rest)) = data.split_first() else { return false };
    let fixture = fixture();
    match first % 3 {
        0 => {
            let Ok(proof) = Proof::from_json(rest) else { return false };
            check(&proof)
        }
        1 => check(&Proof::new(fixture.key.verifier(), fixture.instances.into(), rest.into())),
        _ => {
            let changed = edits::apply(&fixture.proof, 0, rest);
            check(&Proof::new(fixture.key.verifier(), fixture.instances.into(), changed))
        }
    }
}

/// Whether the proof is accepted.
fn check(proof: &Proof) -> bool {
    if let Ok(again) = Proof::from_json(proof.to_json().as_bytes()) {
        assert_eq!(again, *proof);
    }
    let fixture = fixture();
    let honest = proof.proof == fixture.proof && proof.public_inputs == fixture.instances;
    let verdict = verify(fixture.key.verifier(), &proof.public_inputs, &proof.proof);
    assert_eq!(verdict.is_ok(), honest, "{verdict:?}");
    honest
}
