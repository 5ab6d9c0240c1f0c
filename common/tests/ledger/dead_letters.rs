//! Messages that died are kept until a person has decided.

use std::time::Duration;

use common::audit::entry::SYSTEM_CHAIN;
use common::audit::{Actor, AuditAction};
use common::domain::hash::Sha256Hex;
use common::domain::job::{JobId, JobState};
use common::ledger::{
    Collected, DeadEnd, End, LedgerError, MAX_BURIALS, MAX_DEAD_BYTES, MAX_DEAD_LETTERS, NewDeadLetter,
    OutboxKind, OutboxRow, Rescued,
};
use jiff::Timestamp;

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    a_letter_is_read_back_as_it_was_kept,
    the_same_letter_twice_is_one,
    what_differs_in_time_of_death_id_or_bytes_is_another_letter,
    letters_come_oldest_first_in_pages,
    a_long_body_is_cut,
    a_live_job_whose_wake_up_died_is_woken_at_once,
    a_job_that_waits_for_something_else_is_not_woken,
    what_names_no_live_job_wakes_nobody,
    a_wake_up_that_dies_again_and_again_is_left_to_a_person,
    more_letters_than_there_is_room_for_stay_where_they_are,
    ending_a_letter_is_told_and_done_once,
    collectors_at_once_keep_each_letter_once,
];

const UNCLAIMED_AFTER: Duration = Duration::from_secs(60);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + second).unwrap()
}

fn letter(n: i64, body: &[u8]) -> NewDeadLetter {
    NewDeadLetter {
        message_id: format!("m-{n}"),
        routing_key: "job.download_only.any.default".to_owned(),
        body: body.to_vec(),
        size_bytes: u64::try_from(body.len()).unwrap(),
        reason: "unreadable: no JSON".to_owned(),
        died_at: at(n),
    }
}

/// The wake-up of each job among the rows that wait, as a letter that died in second `n`.
fn died(rows: &[OutboxRow], n: i64) -> Vec<NewDeadLetter> {
    let of = |row: &OutboxRow| NewDeadLetter {
        message_id: row.message_id.clone(),
        routing_key: row.routing_key.clone(),
        reason: "delivered 20 times and never settled".to_owned(),
        ..letter(n, row.body.as_bytes())
    };
    rows.iter().filter(|row| row.kind == OutboxKind::WakeUp).map(of).collect()
}

fn kept(n: u64) -> Collected {
    Collected { kept: n, woken: vec![] }
}

async fn numbers(ledger: &Bench) -> Vec<i64> {
    ledger.dead_letters(None, 1_000).await.unwrap().iter().map(|letter| letter.id).collect()
}

async fn a_letter_is_read_back_as_it_was_kept(ledger: &Bench) {
    let job = seed(ledger).await;
    let wake_up = died(&drain(ledger).await, 7).remove(0);
    let strange = NewDeadLetter { message_id: String::new(), ..letter(8, &[0, 159, 146, 150]) };
    ledger.cancel(job, &operator()).await.unwrap();
    assert_eq!(ledger.keep_dead(&[wake_up.clone(), strange.clone()]).await.unwrap(), kept(2));
    assert_eq!(ledger.n_dead().await.unwrap(), 2);

    let letters = ledger.dead_letters(None, 10).await.unwrap();
    assert_eq!(letters.iter().map(|letter| letter.job).collect::<Vec<_>>(), [Some(job), None]);
    for (found, new) in letters.iter().zip([wake_up, strange]) {
        let again = NewDeadLetter {
            message_id: found.message_id.clone(),
            routing_key: found.routing_key.clone(),
            body: found.body.clone(),
            size_bytes: found.size_bytes,
            reason: found.reason.clone(),
            died_at: found.died_at,
        };
        assert_eq!(again, new);
        assert!(is_recent(found.collected_at));
        assert_eq!(ledger.dead_letter(found.id).await.unwrap(), *found);
    }
}

async fn the_same_letter_twice_is_one(ledger: &Bench) {
    let job = seed(ledger).await;
    let letters = [died(&drain(ledger).await, 1), vec![letter(2, b"x"), letter(2, b"x")]].concat();
    assert_eq!(ledger.keep_dead(&letters).await.unwrap(), Collected { kept: 2, woken: vec![job] });
    assert_eq!(ledger.keep_dead(&letters).await.unwrap(), kept(0), "its settlement was lost, nothing else");
    assert_eq!(ledger.n_dead().await.unwrap(), 2);
    assert_eq!(wake_ups(&drain(ledger).await), [format!("{job}:2")]);
    assert_eq!(ledger.keep_dead(&[]).await.unwrap(), kept(0));
}

async fn what_differs_in_time_of_death_id_or_bytes_is_another_letter(ledger: &Bench) {
    let first = letter(1, b"x");
    let others = [
        NewDeadLetter { died_at: at(2), ..first.clone() },
        NewDeadLetter { message_id: "m-2".to_owned(), ..first.clone() },
        NewDeadLetter { body: b"y".to_vec(), ..first.clone() },
    ];
    assert_eq!(ledger.keep_dead(std::slice::from_ref(&first)).await.unwrap(), kept(1));
    assert_eq!(ledger.keep_dead(&others).await.unwrap(), kept(3));
    let reworded = NewDeadLetter { reason: "read by a newer program".to_owned(), ..first };
    assert_eq!(ledger.keep_dead(&[reworded]).await.unwrap(), kept(0));
}

async fn letters_come_oldest_first_in_pages(ledger: &Bench) {
    let letters: Vec<_> = (0..7).map(|n| letter(n, b"x")).collect();
    ledger.keep_dead(&letters).await.unwrap();
    let all = numbers(ledger).await;
    assert_eq!((all.len(), all.is_sorted()), (7, true));
    let page = ledger.dead_letters(Some(all[2]), 3).await.unwrap();
    assert_eq!(
        page.iter().map(|letter| letter.message_id.as_str()).collect::<Vec<_>>(),
        ["m-3", "m-4", "m-5"]
    );
    assert!(ledger.dead_letters(Some(all[6]), 3).await.unwrap().is_empty());
    let answer = ledger.dead_letter(all[6] + 1).await;
    assert!(matches!(answer, Err(LedgerError::UnknownDeadLetter { id }) if id == all[6] + 1), "{answer:?}");
}

async fn a_long_body_is_cut(ledger: &Bench) {
    let long = letter(1, &vec![b'x'; MAX_DEAD_BYTES + 1]);
    assert_eq!(ledger.keep_dead(&[long, letter(2, b"x")]).await.unwrap(), kept(2));
    let all = numbers(ledger).await;
    let found = ledger.dead_letter(all[0]).await.unwrap();
    assert_eq!(found.body.len(), MAX_DEAD_BYTES);
    assert_eq!(usize::try_from(found.size_bytes).unwrap(), MAX_DEAD_BYTES + 1);
    assert_eq!(ledger.dead_letter(all[1]).await.unwrap().body, b"x");
}

async fn a_live_job_whose_wake_up_died_is_woken_at_once(ledger: &Bench) {
    let jobs = seed_many(ledger, 3).await;
    let letters = died(&drain(ledger).await, 1);
    claim(ledger, jobs[1], "ann").await;
    ledger.cancel(jobs[2], &operator()).await.unwrap();
    drain(ledger).await;
    let collected = ledger.keep_dead(&letters).await.unwrap();
    assert_eq!(collected, Collected { kept: 3, woken: vec![jobs[0]] }, "one runs, one has ended");
    assert_eq!(wake_ups(&drain(ledger).await), [format!("{}:2", jobs[0])]);
    assert_eq!(claim(ledger, jobs[0], "bob").await.attempt, 1);
}

async fn a_job_that_waits_for_something_else_is_not_woken(ledger: &Bench) {
    let jobs = seed_many(ledger, 2).await;
    let letters = died(&drain(ledger).await, 1);
    ledger.sql(&format!("UPDATE jobs SET held_up = (1 = 1) WHERE id = {}", jobs[0])).await.unwrap();
    ledger.sql(&format!("UPDATE jobs SET waits_for = {} WHERE id = {}", jobs[0], jobs[1])).await.unwrap();
    assert_eq!(ledger.keep_dead(&letters).await.unwrap(), kept(2));
    assert!(drain(ledger).await.is_empty());
}

async fn what_names_no_live_job_wakes_nobody(ledger: &Bench) {
    let job = seed(ledger).await;
    let known = died(&drain(ledger).await, 1).remove(0);
    let body = String::from_utf8(known.body.clone()).unwrap();
    let unknown = body.replace(&format!("\"job_id\":{job}"), "\"job_id\":1000000");
    assert_ne!(unknown, body);
    let newer = body.replace("\"v\":1", "\"v\":99");
    assert_ne!(newer, body);
    let letters = [letter(1, unknown.as_bytes()), letter(2, newer.as_bytes()), letter(3, b"")];
    assert_eq!(ledger.keep_dead(&letters).await.unwrap(), kept(3));
    assert!(drain(ledger).await.is_empty());
    let jobs: Vec<_> = ledger.dead_letters(None, 10).await.unwrap().iter().map(|letter| letter.job).collect();
    assert_eq!(jobs, [Some(JobId(1_000_000)), None, None]);
}

/// A message that kills whoever claims it must not go round for ever, nor be forgotten.
async fn a_wake_up_that_dies_again_and_again_is_left_to_a_person(ledger: &Bench) {
    let job = seed(ledger).await;
    let bury = async |n: u32| {
        let letters = died(&drain(ledger).await, n.into());
        ledger.keep_dead(&letters).await.unwrap()
    };
    for n in 1..=MAX_BURIALS {
        assert_eq!(bury(n).await, Collected { kept: 1, woken: vec![job] });
    }
    assert_eq!(bury(MAX_BURIALS + 1).await, kept(1));
    ledger.elapse(2 * UNCLAIMED_AFTER).await;
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap(), Rescued::default());
    let job_type = view(ledger, job).await.job_type;
    assert_eq!(ledger.n_unclaimed(job_type, UNCLAIMED_AFTER).await.unwrap(), 0, "it waits for a person");

    let last = numbers(ledger).await.pop().unwrap();
    ledger.end_dead(last, DeadEnd::Dropped, &operator()).await.unwrap();
    assert_eq!(ledger.n_unclaimed(job_type, UNCLAIMED_AFTER).await.unwrap(), 1);
    assert_eq!(ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await.unwrap().unclaimed, [job]);
    for n in 1..=MAX_BURIALS {
        assert_eq!(bury(10 + n).await.woken, [job]);
    }
    assert_eq!(bury(20).await.woken, []);

    // A claim shows that the message does no harm.
    let claimed = claim(ledger, job, "ann").await;
    ledger.end(&claimed.lease, &End::Released, &step(&claimed)).await.unwrap();
    assert_eq!(bury(30).await.woken, [job]);
    assert_eq!(state(ledger, job).await, JobState::Available);
}

async fn more_letters_than_there_is_room_for_stay_where_they_are(ledger: &Bench) {
    let room: i64 = MAX_DEAD_LETTERS.try_into().unwrap();
    let letters: Vec<_> = (0..room - 1).map(|n| letter(n, b"x")).collect();
    for part in letters.chunks(2_000) {
        ledger.keep_dead(part).await.unwrap();
    }
    let two = [letter(room, b"x"), letter(room + 1, b"x")];
    let answer = ledger.keep_dead(&two).await;
    assert!(matches!(&answer, Err(LedgerError::Full { .. })), "{answer:?}");
    assert_eq!(ledger.n_dead().await.unwrap(), MAX_DEAD_LETTERS - 1, "all or none");
    assert_eq!(ledger.keep_dead(&two[..1]).await.unwrap(), kept(1));
    assert!(matches!(ledger.keep_dead(&two[1..]).await, Err(LedgerError::Full { .. })));
    assert_eq!(ledger.keep_dead(&two[..1]).await.unwrap(), kept(0), "what is kept needs no room");
    let oldest = ledger.dead_letters(None, 1).await.unwrap()[0].id;
    ledger.end_dead(oldest, DeadEnd::Dropped, &operator()).await.unwrap();
    assert_eq!(ledger.keep_dead(&two[1..]).await.unwrap(), kept(1));
}

async fn ending_a_letter_is_told_and_done_once(ledger: &Bench) {
    ledger.keep_dead(&[letter(1, b"x"), letter(2, b"y")]).await.unwrap();
    let all = numbers(ledger).await;
    ledger.end_dead(all[0], DeadEnd::Requeued, &operator()).await.unwrap();
    ledger.end_dead(all[1], DeadEnd::Dropped, &operator()).await.unwrap();
    for id in &all {
        let answer = ledger.end_dead(*id, DeadEnd::Dropped, &operator()).await;
        assert!(matches!(answer, Err(LedgerError::UnknownDeadLetter { id: of }) if of == *id), "{answer:?}");
    }
    assert_eq!(ledger.n_dead().await.unwrap(), 0);
    let entries = chain(ledger, SYSTEM_CHAIN).await;
    let [requeued, dropped] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(requeued.action, AuditAction::DeadLetterRequeued);
    assert_eq!(dropped.action, AuditAction::DeadLetterDropped);
    assert_eq!(dropped.actor, Actor::Operator(operator()));
    let detail = &dropped.detail;
    assert_eq!((&detail["id"], &detail["message_id"]), (&all[1].into(), &"m-2".into()));
    assert_eq!((&detail["reason"], &detail["size_bytes"]), (&"unreadable: no JSON".into(), &1.into()));
    assert_eq!(detail["sha256"], Sha256Hex::of(b"y").as_str());

    ledger.keep_dead(&[letter(3, b"z")]).await.unwrap();
    assert!(numbers(ledger).await[0] > all[1], "a number is never used again");
}

async fn collectors_at_once_keep_each_letter_once(ledger: &Bench) {
    let jobs = seed_many(ledger, 20).await;
    let letters = died(&drain(ledger).await, 1);
    let backwards: Vec<_> = letters.iter().rev().cloned().collect();
    let other = ledger.another().await;
    let (ours, theirs) = tokio::join!(ledger.keep_dead(&letters), other.keep_dead(&backwards));
    let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
    assert_eq!(ours.kept + theirs.kept, 20);
    let mut woken: Vec<_> = [ours.woken, theirs.woken].concat();
    woken.sort_unstable();
    assert_eq!(woken, jobs);
    assert_eq!(wake_ups(&drain(ledger).await).len(), 20);
}
