//! What this crate computes in another way in WebAssembly (`folded/loops`), against what is known of it: as a module, since
//! nothing runs tests there. `vectors` traps where something differs; `scripts/web test` calls it.
//!
//! - the known key and proof, byte by byte;
//! - random circuits, of which what is accepted is what the front end's own checker accepts;
//! - an SRS that is packed, unpacked, read and checked: square roots, points, sums of thousands of them.

#[path = "../tests/folded/common.rs"]
#[allow(dead_code)]
mod common;
#[path = "../tests/folded/known_answer.rs"]
mod known_answer;
#[path = "../tests/folded/parameters.rs"]
mod parameters;

use common::{keys, rng, Random, Spec};
use halo2_proofs::dev::MockProver;
use zkdkim_plonk::folded::{prove, verify};

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
getrandom::register_custom_getrandom!(counted);

/// The checks of an SRS weigh its points at random; here any weights will do.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn counted(bytes: &mut [u8]) -> Result<(), getrandom::Error> {
    bytes.iter_mut().enumerate().for_each(|(i, byte)| *byte = (i * 151 + 7) as u8);
    Ok(())
}

fn circuits() {
    let mut refused = 0;
    for seed in 0..6u64 {
        let mut spec = Spec::random(seed);
        let (srs, pk) = keys(&spec, 1 + (seed as usize * 7) % 16);
        for round in 0..2 {
            let instances = spec.instance_slices();
            let circuit = Random(spec.clone());
            let proof = prove(&srs, &pk, &circuit, &instances, rng(100 + round)).expect("a proof");
            let ours = verify(pk.vk(), &instances, &proof).is_ok();
            let mock = MockProver::run(spec.k, &circuit, spec.instances.clone());
            assert_eq!(ours, mock.expect("a layout").verify().is_ok(), "seed {seed}, {round}");
            assert!(ours || round > 0, "seed {seed}: the honest witness is refused");
            refused += u32::from(!ours);
            spec.spoil(&mut rng(seed));
        }
    }
    assert!(refused > 2, "{refused} spoiled witnesses are refused");
}

/// All of it.
// SAFETY: no other function of the module has this name.
#[allow(unsafe_code)]
#[no_mangle]
pub extern "C" fn vectors() {
    known_answer::compare();
    parameters::compare();
    circuits();
}
