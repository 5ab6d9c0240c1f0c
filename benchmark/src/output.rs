//! Everything that is printed: results to stdout, the rest to stderr.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is the part that prints")]

use crate::report::Report;

/// The results.
pub(crate) fn report(report: &Report, as_json: bool) {
    if as_json {
        println!("{}", report.json());
    } else {
        println!("{}", report.table());
    }
}

/// What is being done.
pub(crate) fn progress(text: &str) {
    eprintln!("{text}");
}

/// Why there are no results.
pub(crate) fn complain(text: &str) {
    eprintln!("error: {text}");
}
