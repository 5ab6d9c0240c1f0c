//! The two members of an HA pair: one after the other, and each is woken when it is its turn.

use std::time::Duration;

use common::domain::device::{Device, Ha, Source};
use common::domain::job::{JobId, JobSpec, JobState, PairMode};
use common::ledger::{Claim, ClaimedJob, Completeness, End, PairRole};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_member_waits_while_the_other_works_and_is_woken_by_its_end,
    every_way_to_end_wakes_the_member_that_waits,
    the_loss_of_a_worker_wakes_the_member_that_waits,
    one_link_in_the_inventory_is_enough,
    members_that_work_at_once_do_not_mind_each_other,
    the_follower_waits_until_the_lead_is_over,
    a_lead_that_is_cancelled_before_it_began_wakes_its_follower,
    a_sync_of_another_command_does_not_lead,
    a_member_that_waits_is_not_taken_for_lost,
    a_member_that_waits_can_be_cancelled,
    of_two_members_claimed_at_once_one_begins,
    a_claim_that_meets_the_end_of_the_other_is_never_forgotten,
];

const UNCLAIMED_AFTER: Duration = Duration::from_secs(60);

fn member(n: u32, peer: Option<u32>) -> Device {
    Device { ha: Ha::Member { state: "active".to_owned(), peer: peer.map(serial) }, ..device(n) }
}

async fn record(ledger: &Bench, devices: &[Device]) {
    ledger.record_devices(devices, Source::Panorama, Completeness::Partial, &operator()).await.unwrap();
}

/// Devices 2i - 1 and 2i are a pair, for i from 1 to `n`, each with a job of one command.
async fn pairs(ledger: &Bench, n: u32, pair: PairMode) -> Vec<(JobId, JobId)> {
    let devices: Vec<Device> =
        (1..=n).flat_map(|i| [member(2 * i - 1, Some(2 * i)), member(2 * i, Some(2 * i - 1))]).collect();
    record(ledger, &devices).await;
    let jobs = enqueue(ledger, (1..=2 * n).map(|n| JobSpec { pair, ..wish(n) }).collect()).await;
    drain(ledger).await;
    jobs.chunks(2).map(|two| (two[0], two[1])).collect()
}

async fn one_pair(ledger: &Bench, pair: PairMode) -> (JobId, JobId) {
    pairs(ledger, 1, pair).await[0]
}

async fn try_claim(ledger: &Bench, job: JobId) -> Claim {
    ledger.claim(job, &worker("bob"), LEASE).await.unwrap()
}

async fn complete(ledger: &Bench, claimed: &ClaimedJob) {
    ledger.end(&claimed.lease, &End::Completed, &step(claimed)).await.unwrap();
}

async fn a_member_waits_while_the_other_works_and_is_woken_by_its_end(ledger: &Bench) {
    let (first, second) = one_pair(ledger, PairMode::InTurn).await;
    let claimed = claim(ledger, first, "ann").await;
    assert_eq!((claimed.pair, &claimed.role), (PairMode::InTurn, &PairRole::Member));
    for _ in 0..2 {
        assert_eq!(try_claim(ledger, second).await, Claim::PeerBusy { peer: first });
    }
    let waiting = view(ledger, second).await;
    assert_eq!((waiting.state, waiting.attempt, waiting.pair), (JobState::Available, 0, PairMode::InTurn));
    drain(ledger).await;

    complete(ledger, &claimed).await;
    assert_eq!(wake_ups(&drain(ledger).await), [format!("{second}:2")]);
    let claimed = claim(ledger, second, "bob").await;
    assert_eq!(claimed.role, PairRole::Member);
    complete(ledger, &claimed).await;
    assert!(wake_ups(&drain(ledger).await).is_empty(), "nobody waited for the second one");
}

async fn every_way_to_end_wakes_the_member_that_waits(ledger: &Bench) {
    let snooze = End::Snooze { message: "busy".to_owned(), after: LEASE };
    let mut ends: Vec<End> = terminal_ends().into_iter().map(|(end, _)| end).collect();
    ends.extend([retry(LEASE), snooze, End::Released]);
    let pairs = pairs(ledger, u32::try_from(ends.len()).unwrap(), PairMode::InTurn).await;
    for (end, (first, second)) in ends.into_iter().zip(pairs) {
        let claimed = claim(ledger, first, "ann").await;
        assert_eq!(try_claim(ledger, second).await, Claim::PeerBusy { peer: first });
        drain(ledger).await;
        ledger.end(&claimed.lease, &end, &step(&claimed)).await.unwrap();
        let rows = drain(ledger).await;
        assert!(wake_ups(&rows).contains(&format!("{second}:2").as_str()), "{end:?}: {rows:?}");
        claim(ledger, second, "bob").await;
    }
}

async fn the_loss_of_a_worker_wakes_the_member_that_waits(ledger: &Bench) {
    let (first, second) = one_pair(ledger, PairMode::InTurn).await;
    claim(ledger, first, "ann").await;
    assert_eq!(try_claim(ledger, second).await, Claim::PeerBusy { peer: first });
    drain(ledger).await;
    ledger.elapse(2 * LEASE).await;
    assert_eq!(ledger.rescue(LEASE * 100, u32::MAX).await.unwrap().expired, [first]);
    let rows = drain(ledger).await;
    let mut woken = wake_ups(&rows);
    woken.sort_unstable();
    assert_eq!(woken, [format!("{first}:2"), format!("{second}:2")]);
    claim(ledger, second, "bob").await;
    assert_eq!(try_claim(ledger, first).await, Claim::PeerBusy { peer: second });
}

async fn one_link_in_the_inventory_is_enough(ledger: &Bench) {
    record(ledger, &[device(1), member(2, Some(1)), member(3, None), member(4, Some(99))]).await;
    let jobs = enqueue(ledger, (1..=4).map(wish).collect()).await;
    for (one, other) in [(jobs[0], jobs[1]), (jobs[1], jobs[0])] {
        let claimed = claim(ledger, one, "ann").await;
        assert_eq!(claimed.role, PairRole::Member);
        assert_eq!(try_claim(ledger, other).await, Claim::PeerBusy { peer: one });
        ledger.end(&claimed.lease, &End::Released, &step(&claimed)).await.unwrap();
    }
    assert_eq!(claim(ledger, jobs[2], "ann").await.role, PairRole::Alone);
    assert_eq!(
        claim(ledger, jobs[3], "ann").await.role,
        PairRole::Member,
        "its peer is not in the inventory"
    );
}

async fn members_that_work_at_once_do_not_mind_each_other(ledger: &Bench) {
    let (first, second) = one_pair(ledger, PairMode::AtOnce).await;
    for job in [first, second] {
        let claimed = claim(ledger, job, "ann").await;
        assert_eq!((claimed.pair, claimed.role), (PairMode::AtOnce, PairRole::Alone));
    }
}

async fn the_follower_waits_until_the_lead_is_over(ledger: &Bench) {
    for (n, (end, state)) in (0..).step_by(2).zip(terminal_ends()) {
        record(ledger, &[member(n + 1, Some(n + 2)), member(n + 2, Some(n + 1))]).await;
        let wishes = [n + 1, n + 2].map(|n| JobSpec { pair: PairMode::Sync, ..wish(n) });
        let jobs = enqueue(ledger, wishes.to_vec()).await;
        let (lead, follower) = (jobs[0], jobs[1]);
        let busy = Claim::PeerBusy { peer: lead };
        assert_eq!(try_claim(ledger, follower).await, busy, "the lead has not begun");

        let snooze = End::Snooze { message: "busy".to_owned(), after: Duration::ZERO };
        for waiting in [retry(Duration::ZERO), snooze, End::Released] {
            let claimed = claim(ledger, lead, "ann").await;
            assert_eq!(claimed.role, PairRole::SyncLead { peer: serial(n + 2) });
            assert_eq!(try_claim(ledger, follower).await, busy);
            drain(ledger).await;
            ledger.end(&claimed.lease, &waiting, &step(&claimed)).await.unwrap();
            ledger.promote_due(100).await.unwrap();
            let rows = drain(ledger).await;
            assert!(wake_ups(&rows).iter().all(|id| id.starts_with(&format!("{lead}:"))), "{rows:?}");
            assert_eq!(try_claim(ledger, follower).await, busy, "{waiting:?}");
        }

        let claimed = claim(ledger, lead, "ann").await;
        drain(ledger).await;
        ledger.end(&claimed.lease, &end, &step(&claimed)).await.unwrap();
        assert_eq!(wake_ups(&drain(ledger).await), [format!("{follower}:2")], "{end:?}");
        let role = claim(ledger, follower, "bob").await.role;
        assert_eq!(role, PairRole::SyncFollower { lead, lead_state: state });
    }
}

async fn a_lead_that_is_cancelled_before_it_began_wakes_its_follower(ledger: &Bench) {
    let (lead, follower) = one_pair(ledger, PairMode::Sync).await;
    assert_eq!(try_claim(ledger, follower).await, Claim::PeerBusy { peer: lead });
    ledger.cancel(lead, &operator()).await.unwrap();
    assert_eq!(wake_ups(&drain(ledger).await), [format!("{follower}:2")]);
    let role = claim(ledger, follower, "bob").await.role;
    assert_eq!(role, PairRole::SyncFollower { lead, lead_state: JobState::Cancelled });
}

async fn a_sync_of_another_command_does_not_lead(ledger: &Bench) {
    record(ledger, &[member(1, Some(2)), member(2, Some(1))]).await;
    let wishes = [1, 2].map(|n| JobSpec { pair: PairMode::Sync, ..wish(n) });
    let mut jobs = Vec::new();
    for wish in wishes {
        jobs.extend(enqueue(ledger, vec![wish]).await);
    }
    let second = claim(ledger, jobs[1], "ann").await;
    assert_eq!(second.role, PairRole::SyncLead { peer: serial(1) });
    assert_eq!(try_claim(ledger, jobs[0]).await, Claim::PeerBusy { peer: jobs[1] });
    drain(ledger).await;
    ledger.end(&second.lease, &End::Released, &step(&second)).await.unwrap();
    let rows = drain(ledger).await;
    assert!(wake_ups(&rows).contains(&format!("{}:2", jobs[0]).as_str()), "it only took turns: {rows:?}");
}

async fn a_member_that_waits_is_not_taken_for_lost(ledger: &Bench) {
    let (first, second) = one_pair(ledger, PairMode::InTurn).await;
    let claimed = claim(ledger, first, "ann").await;
    assert_eq!(try_claim(ledger, second).await, Claim::PeerBusy { peer: first });
    drain(ledger).await;
    ledger.elapse(2 * UNCLAIMED_AFTER).await;
    assert!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap().unclaimed.is_empty());
    complete(ledger, &claimed).await;
    drain(ledger).await;
    ledger.elapse(2 * UNCLAIMED_AFTER).await;
    assert_eq!(
        ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap().unclaimed,
        [second],
        "its wake-up was lost"
    );
}

async fn a_member_that_waits_can_be_cancelled(ledger: &Bench) {
    let (first, second) = one_pair(ledger, PairMode::InTurn).await;
    let claimed = claim(ledger, first, "ann").await;
    assert_eq!(try_claim(ledger, second).await, Claim::PeerBusy { peer: first });
    ledger.cancel(second, &operator()).await.unwrap();
    drain(ledger).await;
    complete(ledger, &claimed).await;
    assert!(wake_ups(&drain(ledger).await).is_empty());
    assert_eq!(state(ledger, second).await, JobState::Cancelled);
}

/// Two processes, both members, the same moment, many times.
async fn of_two_members_claimed_at_once_one_begins(ledger: &Bench) {
    const ROUNDS: u32 = 30;
    let other = ledger.another().await;
    for (first, second) in pairs(ledger, ROUNDS, PairMode::InTurn).await {
        let (ann, bob) = (worker("ann"), worker("bob"));
        let (ours, theirs) = tokio::join!(ledger.claim(first, &ann, LEASE), other.claim(second, &bob, LEASE));
        match (ours.unwrap(), theirs.unwrap()) {
            (Claim::Claimed(_), refused) => assert_eq!(refused, Claim::PeerBusy { peer: first }),
            (refused, Claim::Claimed(_)) => assert_eq!(refused, Claim::PeerBusy { peer: second }),
            neither => panic!("nobody works: {neither:?}"),
        }
    }
}

/// Whoever is refused while the other ends is woken by that end, or was not refused.
async fn a_claim_that_meets_the_end_of_the_other_is_never_forgotten(ledger: &Bench) {
    const ROUNDS: u32 = 30;
    let other = ledger.another().await;
    for (n, (first, second)) in (0..).zip(pairs(ledger, ROUNDS, PairMode::InTurn).await) {
        let claimed = claim(ledger, first, "ann").await;
        drain(ledger).await;
        let (bob, last) = (worker("bob"), step(&claimed));
        let claiming = async {
            // Sometimes the end comes first, sometimes the claim.
            for _ in 0..n % 4 {
                tokio::task::yield_now().await;
            }
            other.claim(second, &bob, LEASE).await
        };
        let (ended, theirs) = tokio::join!(ledger.end(&claimed.lease, &End::Completed, &last), claiming);
        ended.unwrap();
        match theirs.unwrap() {
            Claim::Claimed(_) => assert!(wake_ups(&drain(ledger).await).is_empty()),
            Claim::PeerBusy { peer } => {
                assert_eq!(peer, first);
                assert_eq!(wake_ups(&drain(ledger).await), [format!("{second}:2")], "round {n}");
            }
            answer => panic!("round {n}: {answer:?}"),
        }
    }
}
