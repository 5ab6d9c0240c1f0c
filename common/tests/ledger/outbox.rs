//! Relays take rows, publish them, and say what the broker said.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::ledger::{End, OutboxRow, REFUSED_PAUSE, Settlement};

use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    rows_come_oldest_first_and_within_the_limit,
    rows_of_one_job_are_never_held_by_two_relays,
    rows_of_a_dead_relay_come_free,
    a_refused_row_rests_and_holds_back_only_its_own_job,
    a_row_of_unknown_fate_is_free_at_once,
    a_confirmed_wake_up_counts_as_dispatched,
    an_older_wake_up_says_nothing_about_the_last,
    relays_at_once_publish_every_row_once_and_in_order,
    settling_twice_changes_nothing,
];

fn ids(rows: &[OutboxRow]) -> Vec<i64> {
    rows.iter().map(|row| row.id).collect()
}

fn confirmed(rows: &[OutboxRow]) -> Settlement {
    Settlement { confirmed: ids(rows), ..Settlement::default() }
}

async fn rows_come_oldest_first_and_within_the_limit(ledger: &Bench) {
    seed_many(ledger, 5).await;
    assert_eq!(ledger.outbox_depth().await.unwrap(), 10);
    let first = ledger.take_outbox(4, HOLD).await.unwrap();
    let second = ledger.take_outbox(100, HOLD).await.unwrap();
    assert_eq!((first.len(), second.len()), (4, 6));
    let all: Vec<i64> = ids(&first).into_iter().chain(ids(&second)).collect();
    assert!(all.is_sorted());
    assert_eq!(ledger.outbox_depth().await.unwrap(), 10, "a row that is held still waits");
    assert!(ledger.take_outbox(100, HOLD).await.unwrap().is_empty());
    ledger.settle_outbox(&confirmed(&first)).await.unwrap();
    assert_eq!(ledger.outbox_depth().await.unwrap(), 6);
}

async fn rows_of_one_job_are_never_held_by_two_relays(ledger: &Bench) {
    let claimed = running(ledger).await;
    ledger.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
    let ours = ledger.take_outbox(2, HOLD).await.unwrap();
    assert_eq!(ours.len(), 2);
    let other = ledger.another().await;
    assert!(other.take_outbox(100, HOLD).await.unwrap().is_empty(), "earlier rows of the job are held");
    ledger.settle_outbox(&confirmed(&ours)).await.unwrap();
    assert_eq!(other.take_outbox(100, HOLD).await.unwrap().len(), 3);
}

async fn rows_of_a_dead_relay_come_free(ledger: &Bench) {
    seed(ledger).await;
    let taken = ledger.take_outbox(100, HOLD).await.unwrap();
    ledger.elapse(HOLD / 2).await;
    assert!(ledger.take_outbox(100, HOLD).await.unwrap().is_empty());
    ledger.elapse(HOLD).await;
    assert_eq!(ledger.take_outbox(100, HOLD).await.unwrap(), taken);
}

async fn a_refused_row_rests_and_holds_back_only_its_own_job(ledger: &Bench) {
    let jobs = seed_many(ledger, 2).await;
    let taken = ledger.take_outbox(100, HOLD).await.unwrap();
    let (of_first, of_second): (Vec<_>, Vec<_>) = taken.into_iter().partition(|row| row.job == jobs[0]);
    let refused = vec![(of_first[0].id, "no queue is bound".to_owned())];
    let unknown = vec![of_first[1].id, of_second[0].id, of_second[1].id];
    ledger.settle_outbox(&Settlement { refused, unknown, ..Settlement::default() }).await.unwrap();

    assert_eq!(ids(&ledger.take_outbox(100, HOLD).await.unwrap()), ids(&of_second));
    ledger.elapse(REFUSED_PAUSE).await;
    assert_eq!(ids(&ledger.take_outbox(100, HOLD).await.unwrap()), ids(&of_first));
}

async fn a_row_of_unknown_fate_is_free_at_once(ledger: &Bench) {
    seed(ledger).await;
    let taken = ledger.take_outbox(100, HOLD).await.unwrap();
    ledger.settle_outbox(&Settlement { unknown: ids(&taken), ..Settlement::default() }).await.unwrap();
    assert_eq!(ledger.take_outbox(100, HOLD).await.unwrap(), taken);
}

/// What was dispatched and not claimed is woken again; that shows what counts as dispatched.
async fn a_confirmed_wake_up_counts_as_dispatched(ledger: &Bench) {
    let job = seed(ledger).await;
    let taken = ledger.take_outbox(100, HOLD).await.unwrap();
    ledger.elapse(Duration::from_secs(60)).await;
    assert!(ledger.rescue(Duration::from_secs(30)).await.unwrap().unclaimed.is_empty());
    ledger.settle_outbox(&confirmed(&taken)).await.unwrap();
    ledger.elapse(Duration::from_secs(60)).await;
    assert_eq!(ledger.rescue(Duration::from_secs(30)).await.unwrap().unclaimed, [job]);
}

/// Wake-up 1 is confirmed after the job has gone through an attempt and waits for its wake-up 2 to be sent.
async fn an_older_wake_up_says_nothing_about_the_last(ledger: &Bench) {
    let job = seed(ledger).await;
    let first = ledger.take_outbox(100, HOLD).await.unwrap();
    let claimed = claim(ledger, job, "ann").await;
    ledger.end(&claimed.lease, &End::Released, &step(&claimed)).await.unwrap();
    ledger.settle_outbox(&confirmed(&first)).await.unwrap();
    ledger.elapse(Duration::from_secs(60)).await;
    assert!(ledger.rescue(Duration::from_secs(30)).await.unwrap().unclaimed.is_empty());
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
            let rows = relay.take_outbox(7, HOLD).await.unwrap();
            n_empty = if rows.is_empty() { n_empty + 1 } else { 0 };
            relay.settle_outbox(&confirmed(&rows)).await.unwrap();
            published.push(rows);
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
    let taken = ledger.take_outbox(100, HOLD).await.unwrap();
    for _ in 0..2 {
        ledger.settle_outbox(&confirmed(&taken)).await.unwrap();
    }
    let refused = vec![(taken[0].id, "too late".to_owned())];
    ledger.settle_outbox(&Settlement { refused, ..Settlement::default() }).await.unwrap();
    assert_eq!(ledger.outbox_depth().await.unwrap(), 0);
}
