#![no_main]

#[path = "../../../panos/tests/fuzz/panos_answer.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| target::check(input));
