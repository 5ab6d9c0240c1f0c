//! Who has which problem: single devices and pairs, evenly over the fleet.
//!
//! Problems that find no place in a small fleet are left out; in a realistic one each problem comes once before any
//! comes twice.

use crate::device::spec::DeviceSpec;
use crate::images;
use crate::scenario::{Problem, Scenario};
use crate::version::Train;

/// A device with a problem runs at least this train in a realistic fleet: one hop from the target, so that it ends
/// about when the others do.
const NEAR: Train = Train { major: 11, minor: 0 };

/// Gives the problems of a scenario to its generated devices.
pub(super) fn spread(scenario: &Scenario, specs: &mut [DeviceSpec]) {
    let (pairs, singles): (Vec<_>, Vec<_>) =
        wanted(scenario).into_iter().partition(|(one, _)| one.is_for_pairs());
    let setting = scenario.setting();
    let free = |spec: &DeviceSpec| spec.ha.is_none() && (scenario.every_oddity || !spec.multi_vsys);
    let places: Vec<usize> = (0..specs.len()).filter(|i| free(&specs[*i])).collect();
    for ((problem, nth), place) in singles.iter().zip(evenly(&places, singles.len())) {
        let spec = &mut specs[place];
        if scenario.every_oddity {
            run_near(scenario, spec);
        }
        spec.nth_of_problem = *nth;
        problem.afflict(spec, &setting);
    }
    let is_first = |i: &usize| {
        let peer = specs[*i].ha.as_ref().map(|ha| ha.peer_serial.as_str());
        peer.is_some() && specs.get(i + 1).map(|next| next.serial.as_str()) == peer
    };
    let places: Vec<usize> = (0..specs.len()).filter(is_first).collect();
    for ((problem, _), place) in pairs.iter().zip(evenly(&places, pairs.len())) {
        if let [first, second] = &mut specs[place..place + 2] {
            problem.afflict_pair(first, second, &setting);
        }
    }
}

/// Each problem as often as it is wanted, with how often it came before.
fn wanted(scenario: &Scenario) -> Vec<(Problem, usize)> {
    let known = |problem: &Problem| !scenario.without.iter().any(|name| name == problem.as_str());
    let problems = || scenario.problems.iter().filter(|(problem, _)| known(problem));
    let one = |problem: Problem, nth: u64| (problem, usize::try_from(nth).unwrap_or(0));
    if scenario.every_oddity {
        let rounds = 0..problems().map(|(_, n)| *n).max().unwrap_or(0);
        rounds
            .flat_map(|nth| problems().filter(move |(_, n)| nth < *n).map(move |(p, _)| one(*p, nth)))
            .collect()
    } else {
        problems().flat_map(|(problem, n)| (0..*n).map(|nth| one(*problem, nth))).collect()
    }
}

/// `n` of the places, as far apart as they can be; all of them when there are fewer.
fn evenly(places: &[usize], n: usize) -> impl Iterator<Item = usize> {
    (0..n.min(places.len())).map(move |i| places[if n < places.len() { i * places.len() / n } else { i }])
}

fn run_near(scenario: &Scenario, spec: &mut DeviceSpec) {
    let (target, seed) = (scenario.target, scenario.seed);
    let near: Vec<_> = images::running_choices(&spec.list, target)
        .into_iter()
        .filter(|version| (NEAR..target.train).contains(&version.train))
        .collect();
    if !near.is_empty() {
        spec.run(*seed.pick(&["near", &spec.serial], &near));
    }
}
