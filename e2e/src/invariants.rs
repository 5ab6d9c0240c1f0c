//! What holds at the end of every case, whatever was killed, refused or answered wrongly on the way.
//!
//! The [`checker`] looks; here its findings are a failed test. The log of events is read here too, for
//! cases that want to see what was told.

use std::collections::{BTreeMap, BTreeSet};

use common::broker::EventsFrom;
use common::events::Envelope;
use common::ledger::JobView;
use uuid::Uuid;

use crate::checker;
pub use crate::checker::Allowed;
use crate::world::{SOON, World};

impl World {
    /// Asserts that nothing was found. Every job must have ended, and no worker may be running.
    pub async fn invariants(&self, allowed: &Allowed) {
        let findings = checker::check(self, allowed).await;
        assert!(findings.is_empty(), "{} findings:\n{}", findings.n(), findings.lines().join("\n"));
    }

    /// The whole log: every event of these jobs, which have ended, once and in order. Asserts that none is
    /// missing and none came too early.
    pub async fn events_of(&self, jobs: &[JobView]) -> Vec<Envelope> {
        let mut feed = self.engine().await.broker.events(EventsFrom::First).await.unwrap();
        let mut told: BTreeMap<i64, Told> = jobs.iter().map(|job| (job.id.0, Told::default())).collect();
        let mut log = Vec::new();
        let read = async {
            while !told.values().all(Told::is_whole) {
                let event = feed.next().await.unwrap();
                let envelope: Envelope = serde_json::from_str(&event.body).unwrap();
                if told.entry(envelope.jobid.0).or_default().hear(&envelope) {
                    log.push(envelope);
                }
            }
        };
        let in_time = tokio::time::timeout(SOON, read).await.is_ok();
        let open: Vec<_> = told.iter().filter(|(_, told)| !told.is_whole()).collect();
        assert!(in_time, "the log of events lacks some: {open:?}");
        log
    }

    /// Waits until a later attempt has taken over the running downloads of these devices, as the events say.
    pub async fn until_adopted(&self, serials: &BTreeSet<String>) {
        let mut feed = self.engine().await.broker.events(EventsFrom::First).await.unwrap();
        let mut open = serials.clone();
        let read = async {
            while !open.is_empty() {
                let event = feed.next().await.unwrap();
                let envelope: Envelope = serde_json::from_str(&event.body).unwrap();
                if envelope.data["adopted"] == true {
                    open.remove(&envelope.subject);
                }
            }
        };
        let in_time = tokio::time::timeout(SOON, read).await.is_ok();
        assert!(in_time, "not taken over: the downloads of {open:?}");
    }
}

/// What the log says about one job.
#[derive(Debug, Default)]
struct Told {
    ids: BTreeMap<i64, Uuid>,
    /// Number of the terminal event.
    last: Option<i64>,
}

impl Told {
    /// Whether it is news; a second delivery of an event is none.
    fn hear(&mut self, event: &Envelope) -> bool {
        let (job, number) = (event.jobid, event.jobsequence);
        if let Some(known) = self.ids.insert(number, event.id) {
            assert_eq!(known, event.id, "job {job}: two events with number {number}");
            return false;
        }
        let n_heard = i64::try_from(self.ids.len()).unwrap();
        assert_eq!(number, n_heard, "job {job}: an event came before an earlier one");
        if matches!(word(event), "completed" | "failed" | "cancelled" | "skipped") {
            self.last = Some(number);
        }
        true
    }

    /// The terminal event is there, and every one before it.
    fn is_whole(&self) -> bool {
        self.last.is_some_and(|last| self.ids.len() == usize::try_from(last).unwrap())
    }
}

/// The word of an event in its type, `panos.job.WORD.v1`.
fn word(event: &Envelope) -> &str {
    let word = event.event_type.strip_prefix("panos.job.").and_then(|rest| rest.strip_suffix(".v1"));
    word.unwrap_or_else(|| panic!("not an event of a job: {}", event.event_type))
}
