#![no_main]

#[path = "../../../common/tests/fuzz/anchors.rs"]
#[allow(dead_code, reason = "WORDS are for the ordinary test")]
mod target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| target::check(input));
