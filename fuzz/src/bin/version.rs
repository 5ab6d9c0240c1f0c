#![no_main]

#[path = "../../../common/tests/fuzz/version.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| target::check(input));
