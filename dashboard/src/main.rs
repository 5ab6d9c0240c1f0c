//! `panos-upgrade-dashboard`: the daemon.

fn main() {}
