//! Begins here.

fn main() {}
