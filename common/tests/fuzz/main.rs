//! The readers of what others wrote, against inputs that nobody thought of.
//!
//! Each module is one target: what has to hold for any bytes. Here it replays its corpus and changes it at random
//! for two seconds; `scripts/fuzz NAME SECONDS` runs the same function coverage-guided and adds to the corpus.

#![expect(clippy::expect_used, reason = "a target panics when a promise is broken: that is what it is for")]

mod anchors;
mod catalogue;
mod paths_file;
mod select;
mod time;
mod version;

/// Where the inputs of a target lie.
macro_rules! corpus {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/", $name)
    };
}

#[test]
fn versions_print_as_they_were_read_and_keep_their_order() {
    fuzzkit::run(corpus!("version"), version::WORDS, version::check);
}

#[test]
fn catalogues_read_back_and_their_problems_are_printable() {
    fuzzkit::run(corpus!("catalogue"), catalogue::WORDS, catalogue::check);
}

#[test]
fn paths_files_read_back_and_can_be_planned_or_refused() {
    fuzzkit::run(corpus!("paths_file"), paths_file::WORDS, paths_file::check);
}

#[test]
fn selections_print_as_they_were_given_and_decide_every_device() {
    fuzzkit::run(corpus!("select"), select::WORDS, select::check);
}

#[test]
fn copies_of_anchors_say_what_their_lines_say_or_which_line_does_not() {
    fuzzkit::run(corpus!("anchors"), anchors::WORDS, anchors::check);
}
