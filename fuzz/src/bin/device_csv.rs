#![no_main]

#[path = "../../../producer/tests/fuzz/device_csv.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| target::check(input));
