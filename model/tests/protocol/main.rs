//! The protocol holds in every world that a scope can reach, and each of its rules is needed.

#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers stand beside their tests; what they explored is to be read"
)]

mod flaws;
mod whole;
