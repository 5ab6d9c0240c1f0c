//! Verdicts over a real ledger, and over one whose entries somebody altered on their way.

use common::audit::AuditAction;
use common::domain::device::{Device, Ha, Source};
use common::ledger::sqlite::SqliteLedger;
use common::ledger::{Completeness, Inventory, Ledger};
use serde_json::json;

use super::*;

/// Neighbours by name, so that one chain's beginning and end are another's.
const SERIALS: [&str; 4] = ["0079000001", "00790000010", "0079000002", "0079000003"];

fn by() -> Requester {
    Requester { operator: "ann".to_owned(), host: "shell-1".to_owned(), reason: None }
}

async fn ledger(directory: &tempfile::TempDir) -> SqliteLedger {
    let ledger = SqliteLedger::open(&directory.path().join("ledger.sqlite")).await.unwrap();
    ledger.migrate().await.unwrap();
    let device = |serial: &&str| Device {
        serial: serial.parse().unwrap(),
        hostname: String::new(),
        address: None,
        model: "PA-440".to_owned(),
        sw_version: "10.2.9".to_owned(),
        ha: Ha::Standalone,
        multi_vsys: false,
        connected: true,
        source: Source::Csv,
    };
    let devices: Vec<Device> = SERIALS.iter().map(device).collect();
    ledger.record_devices(&devices, Source::Csv, Completeness::Partial, &by()).await.unwrap();
    for serial in SERIALS {
        for n in 0..3 {
            let fact = AuditFact::new(AuditAction::DeviceAddressChanged, json!({ "n": n }));
            ledger.note(&serial.parse().unwrap(), &fact, &by()).await.unwrap();
        }
    }
    ledger
}

async fn verdict(trail: &dyn Trail, chain: &str) -> Verdict {
    let head = head_of(trail, chain).await.unwrap();
    Verdicts::default().of(trail, chain, head.as_ref()).await.unwrap()
}

#[tokio::test]
async fn a_chain_between_others_is_whole_and_alone() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = ledger(&directory).await;
    for serial in SERIALS {
        assert_eq!(head_of(&ledger, serial).await.unwrap().unwrap().chain, serial);
        assert_eq!(verdict(&ledger, serial).await, Verdict::Whole { entries: 3 }, "{serial}");
    }
}

#[tokio::test]
async fn an_altered_entry_breaks_its_own_chain_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let altered = Altered { ledger: ledger(&directory).await, chain: SERIALS[2], seq: 2 };
    let Verdict::Broken { seq, .. } = verdict(&altered, SERIALS[2]).await else { panic!("nobody saw it") };
    assert_eq!(seq, 2);
    assert_eq!(verdict(&altered, SERIALS[1]).await, Verdict::Whole { entries: 3 });
}

#[tokio::test]
async fn a_chain_without_a_head_is_broken_and_one_that_is_too_long_is_not_checked() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = ledger(&directory).await;
    assert_eq!(head_of(&ledger, "0079000009").await.unwrap(), None);
    assert!(matches!(verdict(&ledger, "0079000009").await, Verdict::Broken { seq: 0, .. }));

    let head = head_of(&ledger, SERIALS[0]).await.unwrap().unwrap();
    let long = ChainHead { seq: MAX_RECOMPUTED + 1, ..head };
    let verdict = Verdicts::default().of(&ledger, SERIALS[0], Some(&long)).await.unwrap();
    assert!(matches!(verdict, Verdict::Unchecked { .. }), "{verdict:?}");
}

#[tokio::test]
async fn a_verdict_is_kept_for_its_head_and_not_for_another() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = ledger(&directory).await;
    let verdicts = Verdicts::default();
    let head = head_of(&ledger, SERIALS[0]).await.unwrap().unwrap();
    verdicts.of(&ledger, SERIALS[0], Some(&head)).await.unwrap();
    assert_eq!(verdicts.fresh(&head), Some(Verdict::Whole { entries: 3 }));
    assert_eq!(verdicts.fresh(&ChainHead { hash: EntryHash([0; 32]), ..head }), None);
}

#[tokio::test]
async fn more_chains_than_may_be_recomputed_at_once_are_left_for_later() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = ledger(&directory).await;
    let verdicts = Verdicts::default();
    let taken = verdicts.at_once.acquire_many(2).await.unwrap();
    let head = head_of(&ledger, SERIALS[0]).await.unwrap();
    let verdict = verdicts.of(&ledger, SERIALS[0], head.as_ref()).await.unwrap();
    assert!(matches!(verdict, Verdict::Unchecked { .. }), "{verdict:?}");
    drop(taken);
    let verdict = verdicts.of(&ledger, SERIALS[0], head.as_ref()).await.unwrap();
    assert_eq!(verdict, Verdict::Whole { entries: 3 });
}

/// A ledger of which somebody altered one entry.
struct Altered {
    ledger: SqliteLedger,
    chain: &'static str,
    seq: i64,
}

#[async_trait]
impl Trail for Altered {
    async fn installation(&self) -> Result<Uuid, LedgerError> {
        self.ledger.installation().await
    }

    async fn entries(
        &self,
        filter: &TrailFilter,
        after: Option<(&str, i64)>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, LedgerError> {
        let mut entries = self.ledger.entries(filter, after, limit).await?;
        for entry in &mut entries {
            if entry.chain == self.chain && entry.seq == self.seq {
                entry.body = String::from_utf8_lossy(&entry.body).replace("ann", "eve").into_bytes();
            }
        }
        Ok(entries)
    }

    async fn heads(&self, after: Option<&str>, limit: u32) -> Result<Vec<ChainHead>, LedgerError> {
        self.ledger.heads(after, limit).await
    }

    async fn note(&self, serial: &Serial, fact: &AuditFact, by: &Requester) -> Result<(), LedgerError> {
        self.ledger.note(serial, fact, by).await
    }

    async fn anchor(&self, not_before: Duration) -> Result<Option<Anchor>, LedgerError> {
        self.ledger.anchor(not_before).await
    }

    async fn anchors(&self, after: i64, limit: u32) -> Result<Vec<Anchor>, LedgerError> {
        self.ledger.anchors(after, limit).await
    }

    async fn anchored_heads(
        &self,
        after: Option<(&str, i64)>,
        limit: u32,
    ) -> Result<Vec<AnchoredHead>, LedgerError> {
        self.ledger.anchored_heads(after, limit).await
    }

    async fn job_proofs(&self, after: Option<JobId>, limit: u32) -> Result<JobProofs, LedgerError> {
        self.ledger.job_proofs(after, limit).await
    }
}
