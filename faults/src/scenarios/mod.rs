//! All scenarios, by what they break.
//!
//! Promises: each module has its scenarios in one list, and [`all`] has every list. Leaves to others: the campaign that
//! they strike ([`fire`](crate::fire)), and when each is played ([`runner`](crate::runner)).

pub mod broker;
pub mod cluster;
pub mod database;
pub mod devices;
pub mod embedded;
pub mod everything;
pub mod messages;
pub mod network;
pub mod rolling;
pub mod steps;
pub mod workers;

use crate::scenario::Scenario;

/// The suite, in the order of its table.
const SUITE: [&[Scenario]; 11] = [
    steps::SCENARIOS,
    workers::SCENARIOS,
    rolling::SCENARIOS,
    devices::SCENARIOS,
    broker::SCENARIOS,
    cluster::SCENARIOS,
    database::SCENARIOS,
    network::SCENARIOS,
    messages::SCENARIOS,
    embedded::SCENARIOS,
    everything::SCENARIOS,
];

/// All of them.
#[must_use]
pub fn all() -> Vec<Scenario> {
    SUITE.iter().flat_map(|scenarios| scenarios.iter().copied()).collect()
}

/// What a short run plays: some of each kind, so that it ends within minutes on two processors. A full run plays all.
const SHORT: [&str; 12] = [
    "worker-sigkill-at-step",
    "worker-zombie",
    "rolling-restart",
    "devices-reset",
    "broker-sigkill",
    "broker-queue-deleted",
    "database-sigkill",
    "database-connections-cut",
    "network-database-silent",
    "messages-unreadable",
    "embedded-one-of-two-killed",
    "everything-at-once",
];

/// Those of a short run.
#[must_use]
pub fn short() -> Vec<Scenario> {
    all().into_iter().filter(|scenario| SHORT.contains(&scenario.name)).collect()
}

/// Where a scenario stands in the suite; behind all when it is none of it.
#[must_use]
pub fn place(name: &str) -> usize {
    let suite = all();
    suite.iter().position(|scenario| scenario.name == name).unwrap_or(suite.len())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::table::NAME_LENGTH;

    #[test]
    fn every_scenario_has_a_name_of_its_own_that_fits_the_table_and_says_what_it_breaks() {
        let names: BTreeSet<_> = all().iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), all().len(), "a name stands twice");
        assert_eq!(short().len(), SHORT.len(), "a short run names what is not there");
        for Scenario { name, fault, .. } in all() {
            assert!(name.len() <= NAME_LENGTH, "{name}");
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte.is_ascii_digit()),
                "{name}"
            );
            assert!(!fault.is_empty() && !fault.ends_with('.') && !fault.contains('|'), "{name}: {fault}");
        }
    }
}
