#![no_main]

#[path = "../../../common/tests/fuzz/paths_file.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| target::check(input));
