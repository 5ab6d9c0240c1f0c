//! The worker daemon.

fn main() {}
