//! The reader of device files, against inputs that nobody thought of.
//!
//! Each module is one target: what has to hold for any bytes. Here it replays its corpus and changes it at random
//! for two seconds; `scripts/fuzz NAME SECONDS` runs the same function coverage-guided and adds to the corpus.

#[expect(
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "the same file is a program of its own; what is broken panics"
)]
mod device_csv;

#[test]
fn device_files_read_back_from_an_export_and_every_bad_line_is_told() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/device_csv");
    fuzzkit::run(corpus, device_csv::WORDS, device_csv::check);
}
