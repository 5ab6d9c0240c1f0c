//! What anchors keep, when one is made, and by whom.

use std::time::Duration;

use common::audit::anchor::HeadsHash;
use common::audit::{Anchor, AnchoredHead};
use futures_util::future::join_all;

use super::forgery::anchored;
use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    the_first_anchor_holds_every_head,
    a_later_anchor_holds_the_heads_that_moved,
    an_anchor_without_a_change_is_not_made,
    an_anchor_waits_for_the_age_of_the_last_one,
    anchors_asked_for_at_once_are_made_one_after_the_other,
    anchors_and_their_heads_are_paged,
    many_chains_are_anchored_together,
];

async fn anchor(ledger: &Bench) -> Anchor {
    ledger.anchor(Duration::ZERO).await.unwrap().unwrap()
}

async fn the_first_anchor_holds_every_head(ledger: &Bench) {
    let first = {
        seed_many(ledger, 3).await;
        anchor(ledger).await
    };
    assert_eq!((first.id, first.n_chains, first.n_entries), (1, 4, 4));
    assert!(is_recent(first.at));
    assert_eq!(first.prev, Anchor::genesis(ledger.installation().await.unwrap()));
    assert_eq!(first.hash, first.computed());
    let heads = ledger.heads(None, 100).await.unwrap();
    let mut all = HeadsHash::default();
    heads.iter().for_each(|head| all.add(&head.chain, head.seq, &head.hash));
    assert_eq!(first.heads, all.end());
    let kept: Vec<AnchoredHead> = heads
        .into_iter()
        .map(|head| AnchoredHead { chain: head.chain, anchor: 1, seq: head.seq, hash: head.hash })
        .collect();
    assert_eq!(ledger.anchored_heads(None, 100).await.unwrap(), kept);
}

async fn a_later_anchor_holds_the_heads_that_moved(ledger: &Bench) {
    anchored(ledger).await;
    let anchors = ledger.anchors(0, 100).await.unwrap();
    let (first, second) = (&anchors[0], &anchors[1]);
    assert_eq!((second.id, second.prev, second.n_chains, second.n_entries), (2, first.hash, 4, 11));
    let kept = ledger.anchored_heads(None, 100).await.unwrap();
    let of_second: Vec<_> = kept.iter().filter(|head| head.anchor == 2).collect();
    assert_eq!(of_second.len(), 1);
    assert_eq!((of_second[0].chain.as_str(), of_second[0].seq), (serial(2).as_str(), 4));
}

async fn an_anchor_without_a_change_is_not_made(ledger: &Bench) {
    seed(ledger).await;
    anchor(ledger).await;
    assert_eq!(ledger.anchor(Duration::ZERO).await.unwrap(), None);
    register(ledger, 2).await;
    assert_eq!(anchor(ledger).await.id, 2);
}

async fn an_anchor_waits_for_the_age_of_the_last_one(ledger: &Bench) {
    let quarter = Duration::from_secs(900);
    seed(ledger).await;
    assert_eq!(ledger.anchor(quarter).await.unwrap().unwrap().id, 1);
    register(ledger, 2).await;
    assert_eq!(ledger.anchor(quarter).await.unwrap(), None);
    assert_eq!(ledger.anchor(Duration::ZERO).await.unwrap().unwrap().id, 2);
}

async fn anchors_asked_for_at_once_are_made_one_after_the_other(ledger: &Bench) {
    let jobs = seed_many(ledger, 8).await;
    let others = join_all((0..4).map(|_| ledger.another())).await;
    let write = async {
        for job in jobs {
            let claimed = claim(ledger, job, "ann").await;
            ledger.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
        }
    };
    let ask = join_all(others.iter().map(async |other| {
        let mut made = Vec::new();
        for _ in 0..10 {
            made.extend(other.anchor(Duration::ZERO).await.unwrap());
        }
        made
    }));
    let (made, ()) = tokio::join!(ask, write);
    let mut made: Vec<Anchor> = made.into_iter().flatten().collect();
    made.sort_by_key(|anchor| anchor.id);
    assert_eq!(ledger.anchors(0, 1_000).await.unwrap(), made);
    assert!(!made.is_empty());
    assert!(super::verification(&**ledger).await.ok);
}

async fn anchors_and_their_heads_are_paged(ledger: &Bench) {
    anchored(ledger).await;
    let anchors = ledger.anchors(0, 100).await.unwrap();
    assert_eq!(ledger.anchors(0, 1).await.unwrap(), anchors[..1]);
    assert_eq!(ledger.anchors(1, 100).await.unwrap(), anchors[1..]);
    assert_eq!(ledger.anchors(2, 100).await.unwrap(), []);
    let heads = ledger.anchored_heads(None, 100).await.unwrap();
    assert_eq!(ledger.anchored_heads(None, 2).await.unwrap(), heads[..2]);
    for (n, head) in heads.iter().enumerate() {
        let rest = ledger.anchored_heads(Some((&head.chain, head.anchor)), 100).await.unwrap();
        assert_eq!(rest, heads[n + 1..]);
    }
}

/// More chains than a page has.
async fn many_chains_are_anchored_together(ledger: &Bench) {
    let jobs = seed_many(ledger, 1_100).await;
    assert_eq!(anchor(ledger).await.n_entries, 1_101);
    for job in &jobs[..3] {
        claim(ledger, *job, "ann").await;
    }
    assert_eq!(anchor(ledger).await.n_entries, 1_104);
    let found = super::verification(&**ledger).await;
    assert_eq!((found.ok, found.anchors, found.unanchored), (true, 2, 0));
}
