//! The tests of this crate as a module for WebAssembly, where vectors are what they run on and nothing runs tests:
//! `agreement` traps where something differs. `scripts/web test` calls it.

#[path = "../tests/quads.rs"]
mod quads;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
getrandom::register_custom_getrandom!(no_randomness);

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn no_randomness(_: &mut [u8]) -> Result<(), getrandom::Error> {
    Err(getrandom::Error::UNSUPPORTED)
}

/// Every operation on edge values and at random, in both fields.
// SAFETY: no other function of the module has this name.
#[allow(unsafe_code)]
#[no_mangle]
pub extern "C" fn agreement() {
    quads::agree_in_both_fields();
}
