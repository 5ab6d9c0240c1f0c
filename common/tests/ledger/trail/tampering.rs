//! Every kind of change of entries and heads is found, at its first entry.

use std::time::Duration;

use common::audit::verify::{ANCHORS, Against};
use common::domain::job::JobId;
use common::ledger::End;

use super::forgery::{Forgery, forged, is_found, verification};
use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_trail_written_back_as_it_was_verifies,
    an_edited_entry_is_found,
    an_entry_edited_with_its_hash_is_found_at_the_next_one,
    an_edited_hash_is_found,
    an_edited_predecessor_is_found,
    an_edited_position_is_found,
    an_edited_job_is_found,
    a_removed_job_is_found,
    an_edited_time_is_found_beyond_what_clocks_explain,
    an_entry_deleted_from_the_middle_is_found,
    a_deleted_first_entry_is_found,
    a_deleted_last_entry_is_found,
    an_entry_inserted_behind_the_end_is_found,
    an_entry_linked_behind_the_head_is_found,
    an_entry_inserted_in_the_middle_is_found,
    swapped_entries_are_found,
    swapped_tails_of_two_chains_are_found,
    a_chain_carried_to_another_device_is_found,
    a_chain_linked_anew_is_found_by_its_anchor,
    a_tail_cut_with_its_head_is_found_below_the_last_anchor,
    a_tail_cut_with_its_head_is_found_when_it_ended_a_job,
    a_tail_cut_with_its_head_since_the_last_anchor_is_only_counted,
    an_emptied_chain_is_found,
    a_chain_that_is_gone_with_its_head_is_found,
    a_chain_that_no_anchor_saw_is_found_by_its_job,
    a_chain_that_began_and_is_gone_is_found,
    a_chain_without_its_head_is_found,
    a_head_turned_back_is_found,
    a_head_ahead_of_its_chain_is_found,
    a_head_with_another_hash_is_found,
    of_several_breaks_the_first_is_named,
    every_end_of_a_job_has_an_entry_that_proves_it,
];

async fn a_trail_written_back_as_it_was_verifies(ledger: &Bench) {
    assert_eq!(forged(ledger, |_| ()).await, None);
}

async fn an_edited_entry_is_found(ledger: &Bench) {
    let found = forged(ledger, |trail| trail.edit(1, 3)).await;
    is_found(found, serial(1).as_str(), 3, "its content gives");
}

/// Whoever edits an entry can compute its hash, and then the next entry does not fit.
async fn an_entry_edited_with_its_hash_is_found_at_the_next_one(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        trail.edit(1, 3);
        let entry = trail.entry(1, 3);
        entry.hash = entry.prev.next(3, &entry.body);
    };
    is_found(forged(ledger, forge).await, serial(1).as_str(), 4, "the hash before it is");
}

async fn an_edited_hash_is_found(ledger: &Bench) {
    let found = forged(ledger, |trail| trail.entry(1, 2).hash.0[0] ^= 1).await;
    is_found(found, serial(1).as_str(), 2, "its content gives");
}

async fn an_edited_predecessor_is_found(ledger: &Bench) {
    let found = forged(ledger, |trail| trail.entry(1, 2).prev.0[31] ^= 1).await;
    is_found(found, serial(1).as_str(), 2, "the hash before it is");
}

async fn an_edited_position_is_found(ledger: &Bench) {
    let found = forged(ledger, |trail| trail.entry(1, 5).seq = 6).await;
    is_found(found, serial(1).as_str(), 5, "the next entry is 6");
}

async fn an_edited_job_is_found(ledger: &Bench) {
    let found = forged(ledger, |trail| trail.entry(1, 2).job = Some(JobId(4711))).await;
    is_found(found, serial(1).as_str(), 2, "its column says job 4711");
}

async fn a_removed_job_is_found(ledger: &Bench) {
    let found = forged(ledger, |trail| trail.entry(1, 4).job = None).await;
    is_found(found, serial(1).as_str(), 4, "its column says no job");
}

/// Beside the content there is the database's time, which a wrong clock elsewhere must not turn into a break.
async fn an_edited_time_is_found_beyond_what_clocks_explain(ledger: &Bench) {
    let hours = |n: u64| Duration::from_secs(n * 60 * 60);
    assert_eq!(forged(ledger, |trail| trail.entry(1, 2).at += hours(23)).await, None);
    let mut trail = Forgery::of(ledger).await;
    trail.entry(1, 2).at += hours(2);
    trail.plant_again(ledger).await;
    let found = verification(ledger, &Against::default()).await.first_bad;
    is_found(found, serial(1).as_str(), 2, "no clock explains");
}

async fn an_entry_deleted_from_the_middle_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| drop(trail.chain(1).remove(2));
    is_found(forged(ledger, forge).await, serial(1).as_str(), 3, "the next entry is 4");
}

async fn a_deleted_first_entry_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| drop(trail.chain(1).remove(0));
    is_found(forged(ledger, forge).await, serial(1).as_str(), 1, "the next entry is 2");
}

async fn a_deleted_last_entry_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| drop(trail.chain(1).pop());
    is_found(forged(ledger, forge).await, serial(1).as_str(), 5, "the head is at 5");
}

async fn an_entry_inserted_behind_the_end_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        let copy = trail.entry(1, 2).clone();
        trail.chain(1).push(copy);
        trail.entry(1, 6).seq = 6;
    };
    is_found(forged(ledger, forge).await, serial(1).as_str(), 6, "it follows");
}

/// Whoever knows the rules can link an entry rightly; the head still tells that the ledger did not write it.
async fn an_entry_linked_behind_the_head_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        let copy = trail.entry(1, 2).clone();
        trail.chain(1).push(copy);
        let head = trail.head(1).clone();
        trail.relink(1);
        *trail.head(1) = head;
    };
    is_found(forged(ledger, forge).await, serial(1).as_str(), 6, "behind the head, which is at 5");
}

async fn an_entry_inserted_in_the_middle_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        let copy = trail.entry(1, 2).clone();
        trail.chain(1).insert(2, copy);
        (3..).zip(&mut trail.chain(1)[2..]).for_each(|(seq, entry)| entry.seq = seq);
    };
    is_found(forged(ledger, forge).await, serial(1).as_str(), 3, "it follows");
}

async fn swapped_entries_are_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        trail.entry(1, 3).seq = 4;
        trail.entry(1, 4).seq = 3;
    };
    is_found(forged(ledger, forge).await, serial(1).as_str(), 3, "it follows");
}

async fn swapped_tails_of_two_chains_are_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        let (mut two, mut three) = (trail.chain(2).split_off(1), trail.chain(3).split_off(1));
        two.iter_mut().for_each(|entry| entry.chain = serial(3).to_string());
        three.iter_mut().for_each(|entry| entry.chain = serial(2).to_string());
        trail.chain(2).append(&mut three);
        trail.chain(3).append(&mut two);
        trail.behead(2);
        trail.behead(3);
    };
    is_found(forged(ledger, forge).await, serial(2).as_str(), 2, "it follows");
}

async fn a_chain_carried_to_another_device_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        let mut carried = trail.chain(1).clone();
        carried.iter_mut().for_each(|entry| entry.chain = serial(2).to_string());
        *trail.chain(2) = carried;
        trail.behead(2);
    };
    is_found(forged(ledger, forge).await, serial(2).as_str(), 1, "it follows");
}

/// The first place that the anchor speaks of is where the chain shows that it is another one.
async fn a_chain_linked_anew_is_found_by_its_anchor(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        trail.edit(1, 3);
        trail.relink(1);
    };
    is_found(forged(ledger, forge).await, serial(1).as_str(), 5, "anchor 1 says");
}

async fn a_tail_cut_with_its_head_is_found_below_the_last_anchor(ledger: &Bench) {
    let found = forged(ledger, |trail| trail.cut(2, 2)).await;
    is_found(found, serial(2).as_str(), 3, "anchor 2 saw the chain end at 4");
}

async fn a_tail_cut_with_its_head_is_found_when_it_ended_a_job(ledger: &Bench) {
    let claimed = running(ledger).await;
    ledger.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
    ledger.anchor(Duration::ZERO).await.unwrap().unwrap();
    ledger.end(&claimed.lease, &failed(), &step(&claimed)).await.unwrap();
    let mut trail = Forgery::of(ledger).await;
    trail.cut(1, 4);
    trail.plant(ledger).await;
    let found = verification(ledger, &Against::default()).await.first_bad;
    is_found(found, serial(1).as_str(), 5, "is failed, and no entry `job_failed` says so");
}

/// The limit, as it is documented: what no anchor saw and no job's row speaks of is not missed.
async fn a_tail_cut_with_its_head_since_the_last_anchor_is_only_counted(ledger: &Bench) {
    assert_eq!(forged(ledger, |trail| trail.cut(3, 3)).await, None);
    assert_eq!(verification(ledger, &Against::default()).await.unanchored, 2);
    ledger.anchor(Duration::ZERO).await.unwrap().unwrap();
    assert_eq!(verification(ledger, &Against::default()).await.unanchored, 0);
}

async fn an_emptied_chain_is_found(ledger: &Bench) {
    let found = forged(ledger, |trail| trail.chain(3).clear()).await;
    is_found(found, serial(3).as_str(), 1, "the head is at 4");
}

async fn a_chain_that_is_gone_with_its_head_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        trail.entries.remove(serial(2).as_str());
        trail.heads.remove(serial(2).as_str());
    };
    is_found(forged(ledger, forge).await, serial(2).as_str(), 1, "which anchor 1 saw end at 1");
}

async fn a_chain_that_no_anchor_saw_is_found_by_its_job(ledger: &Bench) {
    let job = seed_many(ledger, 2).await[1];
    let mut trail = Forgery::of(ledger).await;
    trail.entries.remove(serial(2).as_str());
    trail.heads.remove(serial(2).as_str());
    trail.plant(ledger).await;
    let found = verification(ledger, &Against::default()).await.first_bad;
    let says = format!("job {job} is available, and no entry `job_queued` says so");
    is_found(found, serial(2).as_str(), 1, &says);
}

async fn a_chain_that_began_and_is_gone_is_found(ledger: &Bench) {
    register(ledger, 2).await;
    ledger.anchor(Duration::ZERO).await.unwrap().unwrap();
    let mut trail = Forgery::of(ledger).await;
    trail.heads.remove(serial(2).as_str());
    trail.plant(ledger).await;
    let found = verification(ledger, &Against::default()).await.first_bad;
    is_found(found, serial(2).as_str(), 0, "which anchor 1 saw begin");
}

async fn a_chain_without_its_head_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| drop(trail.heads.remove(serial(2).as_str()));
    is_found(forged(ledger, forge).await, serial(2).as_str(), 1, "its chain has no head");
}

async fn a_head_turned_back_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        let hash = trail.entry(1, 3).hash;
        (trail.head(1).seq, trail.head(1).hash) = (3, hash);
    };
    is_found(forged(ledger, forge).await, serial(1).as_str(), 4, "behind the head, which is at 3");
}

async fn a_head_ahead_of_its_chain_is_found(ledger: &Bench) {
    let found = forged(ledger, |trail| trail.head(3).seq = 7).await;
    is_found(found, serial(3).as_str(), 5, "the head is at 7");
}

async fn a_head_with_another_hash_is_found(ledger: &Bench) {
    let found = forged(ledger, |trail| trail.head(3).hash.0[5] ^= 1).await;
    is_found(found, serial(3).as_str(), 4, "the head says");
}

/// Anchors, then chains by name and position, then what anchors say of them, then jobs.
async fn of_several_breaks_the_first_is_named(ledger: &Bench) {
    let found = forged(ledger, |trail| {
        trail.edit(3, 1);
        trail.edit(2, 4);
        trail.edit(2, 2);
        trail.cut(1, 4);
        trail.anchors[1].n_entries += 1;
    })
    .await;
    is_found(found, ANCHORS, 2, "its content gives");
    let mut trail = Forgery::of(ledger).await;
    trail.anchors[1].n_entries -= 1;
    trail.plant_again(ledger).await;
    let found = verification(ledger, &Against::default()).await.first_bad;
    is_found(found, serial(1).as_str(), 5, "anchor 1 saw the chain end at 5");
}

/// Each end has its own word in the rows of jobs and in the entries.
async fn every_end_of_a_job_has_an_entry_that_proves_it(ledger: &Bench) {
    let ends: Vec<End> = terminal_ends().into_iter().map(|(end, _)| end).collect();
    let jobs = seed_many(ledger, u32::try_from(ends.len()).unwrap()).await;
    for (job, end) in jobs.into_iter().zip(ends) {
        let claimed = claim(ledger, job, "ann").await;
        ledger.end(&claimed.lease, &end, &step(&claimed)).await.unwrap();
    }
    assert_eq!(verification(ledger, &Against::default()).await.first_bad, None);
}
