#![no_main]
// The entry point of libFuzzer is a C function.
#![allow(unsafe_code, missing_docs)]

libfuzzer_sys::fuzz_target!(init: zkdkim_fuzz::message::prepare(), |data: &[u8]| {
    zkdkim_fuzz::message::run(data);
});
