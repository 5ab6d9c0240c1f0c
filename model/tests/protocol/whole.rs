//! Every world of every scope, and not one less: the numbers are those that the crate's documentation names.

use std::time::Instant;

use model::explorer::Explorer;
use model::flaw::Rules;
use model::protocol::Scope;
use model::scopes;

/// Explores a scope to its end. The number tells that it was the end: an explorer that stops early has fewer worlds.
fn holds(scope: Scope, n_worlds: usize) {
    let (name, began) = (scope.name, Instant::now());
    let explored = Explorer::new(scope, Rules::ALL).explore(2);
    println!(
        "{name}: {} worlds ({} reached), depth {}, {:.1} s",
        explored.n_worlds,
        explored.n_reached,
        explored.depth,
        began.elapsed().as_secs_f64()
    );
    let told = explored.broken.map(|broken| broken.told());
    assert!(told.is_none(), "{name}: {}", told.unwrap_or_default());
    assert_eq!(explored.n_worlds, n_worlds, "{name}: worlds");
}

#[test]
fn two_jobs_two_devices_and_two_workers_keep_every_property() {
    holds(scopes::whole(), 633_046);
}

#[test]
fn one_job_keeps_every_property_under_many_misfortunes() {
    holds(scopes::one_job(), 310_352);
}

#[test]
fn two_wishes_for_one_device_keep_every_property() {
    holds(scopes::one_device(), 125_000);
}

#[test]
fn two_relays_keep_every_property() {
    holds(scopes::outbox(), 354_865);
}
