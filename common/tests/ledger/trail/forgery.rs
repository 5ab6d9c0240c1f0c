//! A trail that somebody changed who owns the database: read whole, changed in memory, written back past all guards.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Deref;

use common::audit::anchor::HeadsHash;
use common::audit::verify::{Against, FirstBad, Verification, verify_against};
use common::audit::{Anchor, AnchoredHead, ChainHead, EntryHash, StoredEntry};
use common::ledger::{End, Ledger, TrailFilter};
use jiff::Timestamp;
use uuid::Uuid;

use crate::bench::Bench;
use crate::fixtures::*;

/// More than any trail here has.
const ALL: u32 = 100_000;

impl Bench {
    /// Whether this is the PostgreSQL of the two: each has its own words.
    pub fn is_postgres(&self) -> bool {
        self.address().starts_with("postgres")
    }
}

/// Everything in the four tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Forgery {
    installation: Uuid,
    pub entries: BTreeMap<String, Vec<StoredEntry>>,
    pub heads: BTreeMap<String, ChainHead>,
    pub anchors: Vec<Anchor>,
    pub anchored: Vec<AnchoredHead>,
}

impl Forgery {
    pub async fn of(ledger: &Bench) -> Self {
        let mut entries = BTreeMap::<_, Vec<_>>::new();
        for entry in ledger.entries(&TrailFilter::default(), None, ALL).await.unwrap() {
            entries.entry(entry.chain.clone()).or_default().push(entry);
        }
        let heads = ledger.heads(None, ALL).await.unwrap();
        Self {
            installation: ledger.installation().await.unwrap(),
            entries,
            heads: heads.into_iter().map(|head| (head.chain.clone(), head)).collect(),
            anchors: ledger.anchors(0, ALL).await.unwrap(),
            anchored: ledger.anchored_heads(None, ALL).await.unwrap(),
        }
    }

    /// The chain of device `n`.
    pub fn chain(&mut self, n: u32) -> &mut Vec<StoredEntry> {
        self.entries.get_mut(serial(n).as_str()).unwrap()
    }

    /// Entry `seq` of device `n`.
    pub fn entry(&mut self, n: u32, seq: usize) -> &mut StoredEntry {
        &mut self.chain(n)[seq - 1]
    }

    pub fn head(&mut self, n: u32) -> &mut ChainHead {
        self.heads.get_mut(serial(n).as_str()).unwrap()
    }

    /// What anchor `anchor` saw of device `n`.
    pub fn saw(&mut self, anchor: i64, n: u32) -> &mut AnchoredHead {
        let is_it = |head: &&mut AnchoredHead| head.anchor == anchor && head.chain == serial(n).as_str();
        self.anchored.iter_mut().find(is_it).unwrap()
    }

    /// Writes other words into an entry, and leaves its hash.
    pub fn edit(&mut self, n: u32, seq: usize) {
        let body = &mut self.entry(n, seq).body;
        let text = String::from_utf8(body.clone()).unwrap();
        *body = text.replace("\"v\":1}", "\"v\":2}").into_bytes();
        assert_ne!(text.as_bytes(), body.as_slice());
    }

    /// Cuts the chain of device `n` behind `seq`, and its head with it.
    pub fn cut(&mut self, n: u32, seq: usize) {
        self.chain(n).truncate(seq);
        self.behead(n);
    }

    /// Gives the head what the last entry has.
    pub fn behead(&mut self, n: u32) {
        let genesis = EntryHash::genesis(self.installation, serial(n).as_str());
        let (seq, hash) = self.chain(n).last().map_or((0, genesis), |entry| (entry.seq, entry.hash));
        (self.head(n).seq, self.head(n).hash) = (seq, hash);
    }

    /// Links the chain of device `n` anew, with numbers and hashes that fit.
    pub fn relink(&mut self, n: u32) {
        let mut hash = EntryHash::genesis(self.installation, serial(n).as_str());
        for (seq, entry) in (1..).zip(self.chain(n)) {
            (entry.seq, entry.prev, entry.hash) = (seq, hash, hash.next(seq, &entry.body));
            hash = entry.hash;
        }
        self.behead(n);
    }

    /// Gives every anchor what the chains say now, and hashes that fit.
    pub fn reanchor(&mut self) {
        for head in &mut self.anchored {
            if let Some(entry) = self.entries[&head.chain].iter().find(|entry| entry.seq == head.seq) {
                head.hash = entry.hash;
            }
        }
        let mut prev = Anchor::genesis(self.installation);
        for anchor in &mut self.anchors {
            let mut heads = HeadsHash::default();
            for head in self.anchored.iter().filter(|head| head.anchor == anchor.id) {
                heads.add(&head.chain, head.seq, &head.hash);
            }
            *anchor = Anchor { heads: heads.end(), prev, ..anchor.clone() }.sealed();
            prev = anchor.hash;
        }
    }

    /// Gives an anchor, and those after it, hashes that fit what they say.
    pub fn reseal(&mut self) {
        let mut prev = Anchor::genesis(self.installation);
        for anchor in &mut self.anchors {
            *anchor = Anchor { prev, ..anchor.clone() }.sealed();
            prev = anchor.hash;
        }
    }

    /// Puts it in the place of the trail.
    pub async fn plant(&self, ledger: &Bench) {
        disarm(ledger).await;
        self.plant_again(ledger).await;
    }

    /// The same, where the guards are away already.
    pub async fn plant_again(&self, ledger: &Bench) {
        let at = |at: Timestamp| match ledger.is_postgres() {
            true => format!("'{at}'::timestamptz"),
            false => at.as_millisecond().to_string(),
        };
        let bytes = |hash: &EntryHash| ledger.bytes(&hash.to_string());
        let mut sql = ["audit", "audit_anchor_heads", "audit_anchors", "audit_heads"]
            .map(|table| format!("DELETE FROM {table};"))
            .concat();
        for ChainHead { chain, seq, hash } in self.heads.values() {
            let hash = bytes(hash);
            writeln!(sql, "INSERT INTO audit_heads (chain, seq, hash) VALUES ('{chain}', {seq}, {hash});")
                .unwrap();
        }
        for entry in self.entries.values().flatten() {
            let job = entry.job.map_or("NULL".to_owned(), |job| job.to_string());
            let body = ledger.bytes(&hex(&entry.body));
            writeln!(
                sql,
                "INSERT INTO audit (chain, seq, at, job_id, body, prev, hash)
                 VALUES ('{}', {}, {}, {job}, {body}, {}, {});",
                entry.chain,
                entry.seq,
                at(entry.at),
                bytes(&entry.prev),
                bytes(&entry.hash)
            )
            .unwrap();
        }
        for anchor in &self.anchors {
            writeln!(
                sql,
                "INSERT INTO audit_anchors (id, at, n_chains, n_entries, heads, prev, hash)
                 VALUES ({}, {}, {}, {}, {}, {}, {});",
                anchor.id,
                at(anchor.at),
                anchor.n_chains,
                anchor.n_entries,
                bytes(&anchor.heads),
                bytes(&anchor.prev),
                bytes(&anchor.hash)
            )
            .unwrap();
        }
        for AnchoredHead { chain, anchor, seq, hash } in &self.anchored {
            let hash = bytes(hash);
            writeln!(
                sql,
                "INSERT INTO audit_anchor_heads (chain, anchor, seq, hash) VALUES ('{chain}', {anchor}, {seq}, {hash});"
            )
            .unwrap();
        }
        ledger.sql(&sql).await.unwrap();
    }
}

/// Takes away all that stands in the way of an owner.
async fn disarm(ledger: &Bench) {
    ledger.disarm().await;
    let rest = if ledger.is_postgres() {
        "ALTER TABLE audit_anchors DISABLE TRIGGER USER; ALTER TABLE audit_anchor_heads DISABLE TRIGGER USER;
         ALTER TABLE audit_anchor_heads DROP CONSTRAINT audit_anchor_heads_anchor_fkey"
    } else {
        "DROP TRIGGER audit_anchors_refuse_update; DROP TRIGGER audit_anchors_refuse_delete;
         DROP TRIGGER audit_anchor_heads_refuse_update; DROP TRIGGER audit_anchor_heads_refuse_delete;
         DROP TRIGGER audit_refuses_replace; DROP TRIGGER audit_anchors_refuse_replace;
         DROP TRIGGER audit_anchor_heads_refuse_replace"
    };
    ledger.sql(rest).await.unwrap();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// A trail with two anchors.
///
/// | chain | entries | anchor 1 saw | anchor 2 saw |
/// |---|---|---|---|
/// | device 1 | queued, claimed, 2 of a step, completed | 5 | |
/// | device 2 | queued, claimed, 2 of a step | 1 | 4 |
/// | device 3 | queued, claimed, 2 of a step | 1 | |
/// | `system` | the inventory | 1 | |
pub async fn anchored(ledger: &Bench) {
    let jobs = seed_many(ledger, 3).await;
    let claimed = claim(ledger, jobs[0], "ann").await;
    ledger.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
    ledger.end(&claimed.lease, &End::Completed, &step(&claimed)).await.unwrap();
    ledger.anchor(std::time::Duration::ZERO).await.unwrap().unwrap();
    let claimed = claim(ledger, jobs[1], "ann").await;
    ledger.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
    ledger.anchor(std::time::Duration::ZERO).await.unwrap().unwrap();
    let claimed = claim(ledger, jobs[2], "ann").await;
    ledger.record(&claimed.lease, &full_step(&claimed)).await.unwrap();
}

pub async fn verification(ledger: &impl Deref<Target = dyn Ledger>, against: &Against<'_>) -> Verification {
    verify_against(&**ledger, against).await.unwrap()
}

/// Does something to an anchored trail; answers the first bad place.
pub async fn forged(ledger: &Bench, forge: impl FnOnce(&mut Forgery)) -> Option<FirstBad> {
    anchored(ledger).await;
    let before = verification(ledger, &Against::default()).await;
    assert_eq!((before.anchors, before.unanchored, before.first_bad), (2, 3, None));
    let mut forgery = Forgery::of(ledger).await;
    forge(&mut forgery);
    forgery.plant(ledger).await;
    verification(ledger, &Against::default()).await.first_bad
}

/// The place, and that the reason says `says`.
pub fn is_found(found: Option<FirstBad>, chain: &str, seq: i64, says: &str) {
    let FirstBad { chain: found_chain, seq: found_seq, reason } = found.unwrap();
    assert_eq!((found_chain.as_str(), found_seq), (chain, seq), "{reason}");
    assert!(reason.contains(says), "{reason}");
}
