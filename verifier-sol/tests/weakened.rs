//! Each check of the contract is needed: without it, something that is refused above is treated otherwise.

use zkdkim_plonk::{
    calldata::{encode_batch_calldata, encode_calldata},
    halo2curves::{bn256::Fr, ff::Field},
};
use zkdkim_verifier_sol::{Solc, Verdict};

use crate::common::input::{malformed, plus, PROOF_AT, Q, R};
use crate::harness::{deploy, fixture, Fixture};

/// What is taken out, what comes in its place, what is tried, and what the whole contract and the weakened one say.
struct Weakness {
    check: &'static str,
    instead: &'static str,
    calldata: Vec<u8>,
    whole: Verdict,
    weakened: Verdict,
}

fn weaknesses(f: &Fixture) -> Vec<Weakness> {
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut data = encode_calldata(&f.proof, &f.instances);
        change(&mut data);
        data
    };
    let aliased = |at: usize, modulus: &'static str| {
        with(&|data| {
            let alias = plus(&data[at..at + 32], modulus);
            data[at..at + 32].copy_from_slice(&alias);
        })
    };
    let evaluation = PROOF_AT + 32 * f.leading();
    let inputs = PROOF_AT + f.proof.len() + 32;
    let pair = [(&f.proof[..], &f.instances[..]), (&f.other_proof[..], &f.other_instances[..])];
    let batch = encode_batch_calldata(pair);
    let batch_with = |at: usize| {
        let mut data = batch.clone();
        data[at] ^= 1;
        data
    };
    let second_evaluation = PROOF_AT + f.proof.len() + 32 * f.leading() + 31;
    vec![
        Weakness {
            check:
                "if (proof.length != PROOF_BYTES) revert ProofLength(PROOF_BYTES, proof.length);",
            instead: "",
            calldata: encode_calldata(&[&f.proof[..], &[0; 32]].concat(), &f.instances),
            whole: malformed("ProofLength"),
            weakened: Verdict::Invalid,
        },
        Weakness {
            check:
                "if (instances.length != inputs) revert InstanceCount(inputs, instances.length);",
            instead: "",
            calldata: encode_calldata(&f.proof, &[&f.instances[..], &[Fr::ONE]].concat()),
            whole: malformed("InstanceCount"),
            weakened: malformed("CalldataLayout"),
        },
        Weakness {
            check: "|| msg.data.length != 0x84 + proofs.length + 0x20 * inputs",
            instead: "",
            calldata: with(&|data| data.push(7)),
            whole: malformed("CalldataLayout"),
            weakened: Verdict::Valid,
        },
        Weakness {
            check: "if (bad) return InstanceNotCanonical.selector;",
            instead: "bad = false;",
            calldata: aliased(inputs, R),
            whole: malformed("InstanceNotCanonical"),
            weakened: Verdict::Invalid,
        },
        Weakness {
            check: "if (bad) return ScalarNotCanonical.selector;",
            instead: "",
            calldata: aliased(evaluation, R),
            whole: malformed("ScalarNotCanonical"),
            weakened: Verdict::Invalid,
        },
        Weakness {
            check: "if (bad) return CoordinateNotCanonical.selector;",
            instead: "",
            calldata: aliased(PROOF_AT, Q),
            whole: malformed("CoordinateNotCanonical"),
            // The precompile refuses, and takes the gas that it was given.
            weakened: Verdict::Failed("OutOfGas(Basic)".into()),
        },
        Weakness {
            check: "if (off) return PointNotOnCurve.selector;",
            instead: "",
            calldata: with(&|data| data[PROOF_AT..PROOF_AT + 64].fill(0)),
            whole: malformed("PointNotOnCurve"),
            weakened: Verdict::Invalid,
        },
        Weakness {
            check: "ok := and(ok, eq(mload(0), 1))",
            instead: "",
            calldata: with(&|data| data[evaluation + 31] ^= 1),
            whole: Verdict::Invalid,
            weakened: Verdict::Valid,
        },
        Weakness {
            check: "if (refusal != 0) revert MalformedInBatch(i, refusal);",
            instead: "if (refusal != 0 && i > 1) revert MalformedInBatch(i, refusal);",
            calldata: {
                let mut data = batch.clone();
                let at = second_evaluation - 31;
                let alias = plus(&data[at..at + 32], R);
                data[at..at + 32].copy_from_slice(&alias);
                data
            },
            whole: malformed("MalformedInBatch"),
            weakened: Verdict::Invalid,
        },
        // The second proof not looked at.
        Weakness {
            check: "if (!_accumulate(weight, i == 0)) return false;",
            instead: "if (i == 0 && !_accumulate(weight, true)) return false;",
            calldata: batch_with(second_evaluation),
            whole: Verdict::Invalid,
            weakened: Verdict::Valid,
        },
        Weakness {
            check: "if (proofs.length == 0) revert EmptyBatch();",
            instead: "if (proofs.length == 0) return true;",
            calldata: encode_batch_calldata([]),
            whole: malformed("EmptyBatch"),
            weakened: Verdict::Valid,
        },
    ]
}

#[test]
fn every_check_is_needed() {
    let mut f = fixture();
    for weakness in weaknesses(&f) {
        let whole = f.chain.call_raw(weakness.calldata.clone()).0;
        assert_eq!(whole, weakness.whole, "{}", weakness.check);
        let mut sources = f.key.sources.clone();
        let count = sources.verifier_source.matches(weakness.check).count();
        assert_eq!(count, 1, "{}", weakness.check);
        sources.verifier_source = sources.verifier_source.replace(weakness.check, weakness.instead);
        let artifacts = Solc::in_crate().unwrap().compile(&sources).unwrap();
        let weakened = deploy(&artifacts).call_raw(weakness.calldata).0;
        assert_eq!(weakened, weakness.weakened, "without {}", weakness.check);
    }
}
