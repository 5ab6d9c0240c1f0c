//! Everything that is printed: results to stdout, the rest to stderr.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is the part that prints")]

/// A result.
pub(crate) fn result(text: &str) {
    println!("{text}");
}

/// What is being done.
pub(crate) fn progress(text: &str) {
    eprintln!("{text}");
}

/// Why there are no results.
pub(crate) fn complain(text: &str) {
    eprintln!("error: {text}");
}
