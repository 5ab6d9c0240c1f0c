//! Every kind of change of anchors is found, at its first anchor; and what only copies of anchors find.

use common::audit::copies::Copies;
use common::audit::verify::{ANCHORS, Against, FirstBad};
use common::audit::{Anchor, AnchoredHead};

use super::forgery::{Forgery, anchored, forged, is_found, verification};
use crate::bench::Bench;
use crate::fixtures::*;

on_every_ledger![
    an_edited_anchor_is_found_whatever_was_edited,
    an_anchor_that_counts_wrongly_is_found,
    an_anchor_over_other_heads_is_found,
    a_deleted_first_anchor_is_found,
    an_inserted_anchor_is_found,
    a_last_anchor_deleted_without_its_heads_is_found,
    a_last_anchor_cut_with_its_heads_is_found_only_by_its_copy,
    an_edited_anchored_head_is_found,
    a_deleted_anchored_head_is_found,
    an_anchored_head_turned_back_is_found,
    an_inserted_anchored_head_is_found,
    a_chain_cut_and_anchored_again_is_found,
    a_trail_built_anew_is_found_only_by_copies,
    a_chain_and_the_anchors_built_anew_are_found_by_the_first_copy_that_differs,
    copies_of_a_whole_trail_fit_also_when_it_has_grown,
];

type Edit = fn(&mut Anchor);

/// The copies of the anchors as `audit anchors` prints them.
fn copies(anchors: &[Anchor]) -> Copies {
    let lines: Vec<String> = anchors.iter().map(|anchor| serde_json::to_string(anchor).unwrap()).collect();
    Copies::read(lines.join("\n").as_bytes()).unwrap()
}

async fn compared(ledger: &Bench, copies: &Copies) -> Option<FirstBad> {
    verification(ledger, &Against { copies: Some(copies), ..Against::default() }).await.first_bad
}

async fn an_edited_anchor_is_found_whatever_was_edited(ledger: &Bench) {
    assert_eq!(forged(ledger, |_| ()).await, None);
    let whole = Forgery::of(ledger).await;
    let edits: [(Edit, &str); 6] = [
        (|anchor| anchor.at += std::time::Duration::from_secs(1), "its content gives"),
        (|anchor| anchor.n_chains += 1, "its content gives"),
        (|anchor| anchor.n_entries -= 1, "its content gives"),
        (|anchor| anchor.heads.0[0] ^= 1, "its content gives"),
        (|anchor| anchor.prev.0[0] ^= 1, "the hash before it is"),
        (|anchor| anchor.hash.0[0] ^= 1, "its content gives"),
    ];
    for (edit, says) in edits {
        for place in [0, 1] {
            let mut trail = whole.clone();
            edit(&mut trail.anchors[place]);
            trail.plant_again(ledger).await;
            let found = verification(ledger, &Against::default()).await.first_bad;
            is_found(found, ANCHORS, i64::try_from(place).unwrap() + 1, says);
        }
    }
}

async fn an_anchor_that_counts_wrongly_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        trail.anchors[1].n_entries += 1;
        trail.reseal();
    };
    is_found(
        forged(ledger, forge).await,
        ANCHORS,
        2,
        "it says 12 entries in 4 chains, its heads give 11 in 4",
    );
}

async fn an_anchor_over_other_heads_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        trail.anchors[0].heads.0[7] ^= 1;
        trail.reseal();
    };
    is_found(forged(ledger, forge).await, ANCHORS, 1, "those that are kept give");
}

async fn a_deleted_first_anchor_is_found(ledger: &Bench) {
    let found = forged(ledger, |trail| trail.anchors.retain(|anchor| anchor.id != 1)).await;
    is_found(found, ANCHORS, 1, "the next anchor is 2");
}

async fn an_inserted_anchor_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        let last = trail.anchors[1].clone();
        trail.anchors.push(Anchor { id: 3, ..last });
        trail.reseal();
    };
    is_found(forged(ledger, forge).await, ANCHORS, 3, "those that are kept give");
}

async fn a_last_anchor_deleted_without_its_heads_is_found(ledger: &Bench) {
    let found = forged(ledger, |trail| trail.anchors.truncate(1)).await;
    is_found(found, ANCHORS, 2, "some of its heads are there");
}

/// The limit, as it is documented.
async fn a_last_anchor_cut_with_its_heads_is_found_only_by_its_copy(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        trail.anchors.pop();
        trail.anchored.retain(|head| head.anchor == 1);
    };
    anchored(ledger).await;
    let mut trail = Forgery::of(ledger).await;
    let copies = copies(&trail.anchors);
    forge(&mut trail);
    trail.plant(ledger).await;
    assert_eq!(verification(ledger, &Against::default()).await.first_bad, None);
    is_found(compared(ledger, &copies).await, ANCHORS, 2, "there is a copy, the ledger ends at 1");
}

async fn an_edited_anchored_head_is_found(ledger: &Bench) {
    let found = forged(ledger, |trail| trail.saw(2, 2).hash.0[0] ^= 1).await;
    is_found(found, serial(2).as_str(), 4, "anchor 2 says");
}

async fn a_deleted_anchored_head_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        trail.anchored.retain(|head| (head.anchor, head.chain.as_str()) != (2, serial(2).as_str()));
    };
    is_found(forged(ledger, forge).await, ANCHORS, 2, "those that are kept give");
}

async fn an_anchored_head_turned_back_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        let hash = trail.entry(2, 3).hash;
        (trail.saw(2, 2).seq, trail.saw(2, 2).hash) = (3, hash);
    };
    is_found(forged(ledger, forge).await, ANCHORS, 2, "those that are kept give");
}

async fn an_inserted_anchored_head_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| {
        let (seq, hash) = (4, trail.entry(3, 4).hash);
        trail.anchored.push(AnchoredHead { chain: serial(3).to_string(), anchor: 2, seq, hash });
    };
    is_found(forged(ledger, forge).await, ANCHORS, 2, "those that are kept give");
}

/// An anchor that was taken after the cut says itself that the chain had been longer.
async fn a_chain_cut_and_anchored_again_is_found(ledger: &Bench) {
    let forge = |trail: &mut Forgery| trail.cut(2, 2);
    assert!(forged(ledger, forge).await.is_some());
    ledger.anchor(std::time::Duration::ZERO).await.unwrap().unwrap();
    let found = verification(ledger, &Against::default()).await.first_bad;
    is_found(found, serial(2).as_str(), 3, "anchor 2 saw the chain end at 4");
}

/// The limit, as it is documented: who owns the database can make everything fit, but not what left it.
async fn a_trail_built_anew_is_found_only_by_copies(ledger: &Bench) {
    let whole = {
        anchored(ledger).await;
        Forgery::of(ledger).await
    };
    let mut trail = whole.clone();
    trail.edit(1, 3);
    trail.relink(1);
    trail.reanchor();
    trail.plant(ledger).await;
    let found = verification(ledger, &Against::default()).await;
    assert_eq!((found.ok, found.entries, found.anchors), (true, 14, 2));
    is_found(compared(ledger, &copies(&whole.anchors)).await, ANCHORS, 1, "its copy says");
    // Of the last anchor alone, too: each has all before it in its hash.
    is_found(compared(ledger, &copies(&whole.anchors[1..])).await, ANCHORS, 2, "its copy says");
}

async fn a_chain_and_the_anchors_built_anew_are_found_by_the_first_copy_that_differs(ledger: &Bench) {
    let whole = {
        anchored(ledger).await;
        Forgery::of(ledger).await
    };
    let mut trail = whole.clone();
    trail.edit(2, 3);
    trail.relink(2);
    trail.reanchor();
    trail.plant(ledger).await;
    assert_eq!(verification(ledger, &Against::default()).await.first_bad, None);
    is_found(compared(ledger, &copies(&whole.anchors)).await, ANCHORS, 2, "its copy says");
}

async fn copies_of_a_whole_trail_fit_also_when_it_has_grown(ledger: &Bench) {
    anchored(ledger).await;
    let copies = copies(&ledger.anchors(0, 100).await.unwrap());
    assert_eq!(compared(ledger, &copies).await, None);
    ledger.anchor(std::time::Duration::ZERO).await.unwrap().unwrap();
    assert_eq!(compared(ledger, &copies).await, None);
}
