//! Relays take rows, publish them, and say what the broker said.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::ledger::{
    End, LONGEST_REFUSED_PAUSE, OutboxRow, OutboxState, REFUSED_PAUSE, Settlement, TakenRows,
};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    rows_come_oldest_first_and_within_the_limit,
    rows_of_one_job_are_never_held_by_two_relays,
    rows_of_a_dead_relay_come_free,
    a_refused_row_rests_and_holds_back_only_its_own_job,
    a_row_that_is_refused_again_rests_twice_as_long_up_to_a_limit,
    a_row_of_unknown_fate_is_free_at_once,
    a_confirmed_wake_up_counts_as_dispatched,
    an_older_wake_up_says_nothing_about_the_last,
    relays_at_once_publish_every_row_once_and_in_order,
    settling_twice_changes_nothing,
    a_late_settlement_frees_nobody_elses_rows,
    a_late_confirmation_counts_whoever_holds_the_row,
    the_state_of_the_outbox_says_what_waits_for_how_long_and_why,
];

fn ids(taken: &TakenRows) -> Vec<i64> {
    ids_of(&taken.rows)
}

fn ids_of(rows: &[OutboxRow]) -> Vec<i64> {
    rows.iter().map(|row| row.id).collect()
}

fn confirmed(taken: &TakenRows) -> Settlement {
    Settlement { confirmed: ids(taken), ..Settlement::default() }
}

async fn rows_come_oldest_first_and_within_the_limit(ledger: &Bench) {
    seed_many(ledger, 5).await;
    assert_eq!(ledger.outbox_depth().await.unwrap(), 10);
    let first = take(ledger, 4).await;
    let second = take(ledger, 100).await;
    assert_eq!((first.rows.len(), second.rows.len()), (4, 6));
    let all: Vec<i64> = ids(&first).into_iter().chain(ids(&second)).collect();
    assert!(all.is_sorted());
    assert_eq!(ledger.outbox_depth().await.unwrap(), 10, "a row that is held still waits");
    assert!(take(ledger, 100).await.rows.is_empty());
    ledger.settle_outbox(first.by, &confirmed(&first)).await.unwrap();
    assert_eq!(ledger.outbox_depth().await.unwrap(), 6);
}

async fn rows_of_one_job_are_never_held_by_two_relays(ledger: &Bench) {
    let claimed = running(ledger).await;
    ledger.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
    let ours = take(ledger, 2).await;
    assert_eq!(ours.rows.len(), 2);
    let other = ledger.another().await;
    assert!(take(&other, 100).await.rows.is_empty(), "earlier rows of the job are held");
    ledger.settle_outbox(ours.by, &confirmed(&ours)).await.unwrap();
    assert_eq!(take(&other, 100).await.rows.len(), 3);
}

async fn rows_of_a_dead_relay_come_free(ledger: &Bench) {
    seed(ledger).await;
    let taken = take(ledger, 100).await;
    ledger.elapse(HOLD / 2).await;
    assert!(take(ledger, 100).await.rows.is_empty());
    ledger.elapse(HOLD).await;
    assert_eq!(take(ledger, 100).await.rows, taken.rows);
}

async fn a_refused_row_rests_and_holds_back_only_its_own_job(ledger: &Bench) {
    let jobs = seed_many(ledger, 2).await;
    let taken = take(ledger, 100).await;
    let (of_first, of_second): (Vec<_>, Vec<_>) = taken.rows.into_iter().partition(|row| row.job == jobs[0]);
    let refused = vec![(of_first[0].id, "no queue is bound".to_owned())];
    let unknown = vec![of_first[1].id, of_second[0].id, of_second[1].id];
    ledger.settle_outbox(taken.by, &Settlement { refused, unknown, ..Settlement::default() }).await.unwrap();

    assert_eq!(ids(&take(ledger, 100).await), ids_of(&of_second));
    ledger.elapse(REFUSED_PAUSE).await;
    assert_eq!(ids(&take(ledger, 100).await), ids_of(&of_first));
}

async fn a_row_that_is_refused_again_rests_twice_as_long_up_to_a_limit(ledger: &Bench) {
    seed(ledger).await;
    let refuse = async |taken: &TakenRows| {
        let refused = ids(taken).into_iter().map(|id| (id, "no queue is bound".to_owned())).collect();
        ledger.settle_outbox(taken.by, &Settlement { refused, ..Settlement::default() }).await.unwrap();
    };
    let mut pause = REFUSED_PAUSE;
    for _ in 0..6 {
        refuse(&take(ledger, 100).await).await;
        ledger.elapse(pause / 2).await;
        assert!(take(ledger, 100).await.rows.is_empty(), "free before {pause:?}");
        ledger.elapse(pause / 2).await;
        pause = (pause * 2).min(LONGEST_REFUSED_PAUSE);
    }
    assert!(!take(ledger, 100).await.rows.is_empty(), "rests for longer than {LONGEST_REFUSED_PAUSE:?}");
}

async fn a_row_of_unknown_fate_is_free_at_once(ledger: &Bench) {
    seed(ledger).await;
    let taken = take(ledger, 100).await;
    ledger
        .settle_outbox(taken.by, &Settlement { unknown: ids(&taken), ..Settlement::default() })
        .await
        .unwrap();
    assert_eq!(take(ledger, 100).await.rows, taken.rows);
}

/// What was dispatched and not claimed is woken again; that shows what counts as dispatched.
async fn a_confirmed_wake_up_counts_as_dispatched(ledger: &Bench) {
    let job = seed(ledger).await;
    let taken = take(ledger, 100).await;
    ledger.elapse(Duration::from_secs(60)).await;
    assert!(ledger.rescue(Duration::from_secs(30), u32::MAX).await.unwrap().unclaimed.is_empty());
    ledger.settle_outbox(taken.by, &confirmed(&taken)).await.unwrap();
    ledger.elapse(Duration::from_secs(60)).await;
    assert_eq!(ledger.rescue(Duration::from_secs(30), u32::MAX).await.unwrap().unclaimed, [job]);
}

/// Wake-up 1 is confirmed after the job has gone through an attempt and waits for its wake-up 2 to be sent.
async fn an_older_wake_up_says_nothing_about_the_last(ledger: &Bench) {
    let job = seed(ledger).await;
    let first = take(ledger, 100).await;
    let claimed = claim(ledger, job, "ann").await;
    ledger.end(&claimed.lease, &End::Released, &step(&claimed)).await.unwrap();
    ledger.settle_outbox(first.by, &confirmed(&first)).await.unwrap();
    ledger.elapse(Duration::from_secs(60)).await;
    assert!(ledger.rescue(Duration::from_secs(30), u32::MAX).await.unwrap().unclaimed.is_empty());
    assert_eq!(wake_ups(&drain(ledger).await), [format!("{job}:2")]);
}

async fn relays_at_once_publish_every_row_once_and_in_order(ledger: &Bench) {
    let jobs = seed_many(ledger, 40).await;
    for job in jobs {
        let claimed = claim(ledger, job, "ann").await;
        ledger.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
    }
    let n_rows = ledger.outbox_depth().await.unwrap();
    let relays = [ledger.another().await, ledger.another().await, ledger.another().await];
    let published = relays.iter().map(|relay| async move {
        let mut published = Vec::new();
        let mut n_empty = 0;
        // A relay may find nothing while the others hold the rest.
        while n_empty < 20 {
            let rows = take(relay, 7).await;
            n_empty = if rows.rows.is_empty() { n_empty + 1 } else { 0 };
            relay.settle_outbox(rows.by, &confirmed(&rows)).await.unwrap();
            published.push(rows.rows);
        }
        published
    });
    let published = futures_util::future::join_all(published).await;

    let all: Vec<&OutboxRow> = published.iter().flatten().flatten().collect();
    assert_eq!(all.iter().map(|row| row.id).collect::<BTreeSet<_>>().len(), all.len(), "no row twice");
    assert_eq!(u64::try_from(all.len()).unwrap(), n_rows, "no row left behind");
    for relay in published {
        let mut last = BTreeMap::new();
        for row in relay.iter().flatten() {
            assert!(last.insert(row.job, row.id).is_none_or(|before| before < row.id));
        }
    }
    assert_eq!(ledger.outbox_depth().await.unwrap(), 0);
}

async fn settling_twice_changes_nothing(ledger: &Bench) {
    seed(ledger).await;
    let taken = take(ledger, 100).await;
    for _ in 0..2 {
        ledger.settle_outbox(taken.by, &confirmed(&taken)).await.unwrap();
    }
    let refused = vec![(taken.rows[0].id, "too late".to_owned())];
    ledger.settle_outbox(taken.by, &Settlement { refused, ..Settlement::default() }).await.unwrap();
    assert_eq!(ledger.outbox_depth().await.unwrap(), 0);
}

/// A relay was stopped in the middle for longer than its hold, and another one took its rows.
async fn a_late_settlement_frees_nobody_elses_rows(ledger: &Bench) {
    seed_many(ledger, 2).await;
    let late = take(ledger, 100).await;
    ledger.elapse(2 * HOLD).await;
    let holder = take(ledger, 100).await;
    assert_eq!(holder.rows, late.rows);
    assert_ne!(holder.by, late.by);

    let unknown = ids_of(&late.rows[..2]);
    let refused = late.rows[2..].iter().map(|row| (row.id, "no queue is bound".to_owned())).collect();
    let settlement = Settlement { confirmed: vec![], refused, unknown };
    ledger.settle_outbox(late.by, &settlement).await.unwrap();
    assert!(take(ledger, 100).await.rows.is_empty(), "the holder still publishes them");
    assert_eq!(ledger.outbox_state().await.unwrap().n_refused, 0);

    ledger.settle_outbox(holder.by, &settlement).await.unwrap();
    assert_eq!(ids(&take(ledger, 100).await), ids_of(&holder.rows[..2]));
    assert_eq!(ledger.outbox_state().await.unwrap().n_refused, 2);
}

async fn a_late_confirmation_counts_whoever_holds_the_row(ledger: &Bench) {
    let job = seed(ledger).await;
    let late = take(ledger, 100).await;
    ledger.elapse(2 * HOLD).await;
    let holder = take(ledger, 100).await;
    ledger.settle_outbox(late.by, &confirmed(&late)).await.unwrap();
    assert_eq!(ledger.outbox_depth().await.unwrap(), 0);
    ledger.elapse(Duration::from_secs(60)).await;
    assert_eq!(
        ledger.rescue(Duration::from_secs(30), u32::MAX).await.unwrap().unclaimed,
        [job],
        "it was dispatched"
    );
    let unknown = ids(&holder);
    ledger.settle_outbox(holder.by, &Settlement { unknown, ..Settlement::default() }).await.unwrap();
}

async fn the_state_of_the_outbox_says_what_waits_for_how_long_and_why(ledger: &Bench) {
    assert_eq!(ledger.outbox_state().await.unwrap(), OutboxState::default());
    seed_many(ledger, 2).await;
    ledger.elapse(Duration::from_secs(90)).await;
    let fresh = ledger.outbox_state().await.unwrap();
    assert_eq!((fresh.n_rows, fresh.n_refused, fresh.last_problem), (4, 0, None));
    let oldest = fresh.oldest.unwrap();
    assert!((Duration::from_secs(90)..Duration::from_secs(150)).contains(&oldest), "{oldest:?}");

    for (reason, n_refused) in [("the queue is full", 1), ("no queue is bound", 2)] {
        let taken = take(ledger, 100).await;
        let row = taken.rows.last().unwrap().id;
        let confirmed = taken.rows[..1].iter().map(|row| row.id).collect();
        let refused = vec![(row, reason.to_owned())];
        let unknown = vec![];
        ledger.settle_outbox(taken.by, &Settlement { confirmed, refused, unknown }).await.unwrap();
        let state = ledger.outbox_state().await.unwrap();
        assert_eq!((state.n_refused, state.last_problem.as_deref()), (n_refused, Some(reason)));
        // The others are held until then; the refused one has rested by then too.
        ledger.sql(&format!("UPDATE outbox SET taken_until = NULL WHERE id <> {row}")).await.unwrap();
    }
    drain(ledger).await;
    ledger.elapse(REFUSED_PAUSE).await;
    drain(ledger).await;
    assert_eq!(ledger.outbox_state().await.unwrap(), OutboxState::default());
}
