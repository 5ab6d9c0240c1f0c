//! Which members of HA pairs may share their work by copying, and who of a pair comes first.
//!
//! Pure. `--ha-sync` makes one member download and copy to the other, so both have to be in one command and need
//! the same images on the same model; a member for which that does not hold gets no job, and is told why.

use std::collections::{BTreeMap, HashMap};

use crate::domain::device::{Device, Ha, Serial};
use crate::domain::job::{JobId, PairMode};

use super::pairs;
use super::plan::Planned;

/// A device that cannot be queued in the way that was asked for.
#[derive(Debug)]
pub(super) struct Apart {
    pub(super) serial: Serial,
    pub(super) hostname: String,
    /// One word for programs; stable.
    pub(super) reason: &'static str,
    /// One sentence for people, with what to do next.
    pub(super) message: String,
}

/// What is known beside the planned jobs.
pub(super) struct Around<'a> {
    /// Every device that is not gone.
    pub(super) inventory: &'a [Device],
    /// Devices of the command for which nothing is planned, each with the reason word.
    pub(super) not_planned: &'a HashMap<Serial, &'static str>,
    /// The job that holds each device.
    pub(super) holders: &'a HashMap<Serial, JobId>,
}

/// Takes out of `planned` the members that cannot share their work; devices without a pair work alone.
pub(super) fn synchronised(planned: Vec<Planned>, around: &Around<'_>) -> (Vec<Planned>, Vec<Apart>) {
    let peers = pairs::peers(around.inventory);
    let jobs: BTreeMap<Serial, Needs> =
        planned.iter().map(|job| (job.spec.serial.clone(), Needs::of(job))).collect();
    let (mut kept, mut apart) = (Vec::new(), Vec::new());
    for mut job in planned {
        if job.device.ha == Ha::Standalone && !peers.contains_key(&job.spec.serial) {
            job.spec.pair = PairMode::InTurn;
            kept.push(job);
            continue;
        }
        match obstacle(&job, peers.get(&job.spec.serial), &jobs, around) {
            None => kept.push(job),
            Some((reason, message)) => {
                let Planned { device, spec, .. } = job;
                apart.push(Apart { serial: spec.serial, hostname: device.hostname, reason, message });
            }
        }
    }
    (kept, apart)
}

/// What both members of a pair have to have in common.
#[derive(PartialEq, Eq)]
struct Needs {
    model: String,
    images: Vec<String>,
}

impl Needs {
    fn of(job: &Planned) -> Self {
        let images = job.plan.images.iter().map(|image| image.version.to_string()).collect();
        Self { model: job.device.model.clone(), images }
    }
}

fn obstacle(
    job: &Planned,
    peer: Option<&Serial>,
    jobs: &BTreeMap<Serial, Needs>,
    around: &Around<'_>,
) -> Option<(&'static str, String)> {
    let Some(peer) = peer else {
        let named = job.device.ha.peer().map_or_else(String::new, |peer| format!(" {peer}"));
        let message = format!(
            "its HA peer{named} is not in the inventory; run `panos-upgrade device discover`, or import both with serial_1,serial_2"
        );
        return Some(("ha_peer_unknown", message));
    };
    let (own, others) = (around.holders.get(&job.spec.serial), around.holders.get(peer));
    match (jobs.get(peer), others) {
        (_, Some(held_by)) if own.is_none() => Some((
            "ha_peer_busy",
            format!(
                "its HA peer {peer} has job {held_by} already; wait for it, or cancel it, then queue both again"
            ),
        )),
        (Some(needs), _) if *needs == Needs::of(job) => None,
        (Some(needs), _) => Some((
            "ha_peer_differs",
            format!(
                "its HA peer {peer} is a {} and needs {}; queue the two without --ha-sync",
                needs.model,
                needs.images.join(", ")
            ),
        )),
        (None, _) => Some(match around.not_planned.get(peer) {
            Some(reason) => (
                "ha_peer_not_planned",
                format!(
                    "nothing is to be queued for its HA peer {peer} ({reason}); queue this one without --ha-sync"
                ),
            ),
            None => (
                "ha_peer_not_selected",
                format!("its HA peer {peer} is not part of this command; name both, or leave --ha-sync out"),
            ),
        }),
    }
}

/// By serial, those that stand by before the others: their jobs get the smaller numbers and the earlier wake-ups.
pub(super) fn standby_first(mut planned: Vec<Planned>) -> [Vec<Planned>; 2] {
    planned.sort_by(|a, b| a.spec.serial.cmp(&b.spec.serial));
    let (first, then) = planned.into_iter().partition(|job| pairs::is_standby(&job.device));
    [first, then]
}

#[cfg(test)]
mod tests {
    use crate::domain::path::Policy;

    use super::*;
    use crate::intake::pairs::tests::member;
    use crate::intake::plan::{Rules, Wanted, decide};

    fn planned(device: Device) -> Planned {
        let wanted = Wanted { target: Some("11.1.4-h7".parse().unwrap()), ..Wanted::default() };
        let rules = Rules { wanted, policy: Policy::default(), max_attempts: 5, pair: PairMode::Sync };
        decide(device, None, &rules).unwrap()
    }

    fn reasons(
        command: Vec<Device>,
        others: Vec<Device>,
        not_planned: &[&str],
        held: &[&str],
    ) -> Vec<&'static str> {
        let inventory: Vec<Device> = command.iter().cloned().chain(others).collect();
        let not_planned = not_planned.iter().map(|serial| (serial.parse().unwrap(), "runs_target")).collect();
        let holders = held.iter().map(|serial| (serial.parse().unwrap(), JobId(7))).collect();
        let around = Around { inventory: &inventory, not_planned: &not_planned, holders: &holders };
        let (kept, apart) = synchronised(command.into_iter().map(planned).collect(), &around);
        assert!(
            kept.iter().all(|job| (job.spec.pair == PairMode::Sync) == (job.device.ha != Ha::Standalone))
        );
        apart.into_iter().map(|apart| apart.reason).collect()
    }

    #[test]
    fn a_pair_shares_its_work_only_when_both_are_there_and_alike() {
        let (a, b) = (member("01", "active", Some("02")), member("02", "passive", Some("01")));
        let alone = Device { ha: Ha::Standalone, ..member("03", "", None) };
        let other_model = Device { model: "PA-3220".to_owned(), ..b.clone() };
        let other_version = Device { sw_version: "11.1.2".to_owned(), ..b.clone() };
        let both = || vec![a.clone(), b.clone()];
        assert_eq!(reasons([both(), vec![alone]].concat(), vec![], &[], &[]), Vec::<&str>::new());
        assert_eq!(reasons(both(), vec![], &[], &["01", "02"]), Vec::<&str>::new(), "repeating is safe");
        assert_eq!(reasons(vec![a.clone()], vec![], &[], &[]), ["ha_peer_unknown"]);
        assert_eq!(reasons(vec![a.clone()], vec![b.clone()], &[], &[]), ["ha_peer_not_selected"]);
        assert_eq!(reasons(vec![a.clone()], vec![b.clone()], &["02"], &[]), ["ha_peer_not_planned"]);
        assert_eq!(reasons(both(), vec![], &[], &["02"]), ["ha_peer_busy"]);
        for odd in [other_model, other_version] {
            assert_eq!(reasons(vec![a.clone(), odd], vec![], &[], &[]), ["ha_peer_differs"; 2]);
        }
    }

    #[test]
    fn the_members_that_stand_by_come_first() {
        let devices = [
            member("01", "active", Some("02")),
            member("02", "passive", Some("01")),
            member("03", "active-secondary", None),
        ];
        let [first, then] = standby_first(devices.map(planned).into());
        assert_eq!(first.len(), 2);
        assert_eq!(then[0].spec.serial.as_str(), "01");
    }
}
