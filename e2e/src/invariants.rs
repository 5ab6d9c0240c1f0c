//! What holds at the end of every case, whatever was killed, refused or answered wrongly on the way.
//!
//! Every job in exactly one terminal state; one job per device at any time; no image asked for twice; nothing
//! left to tell; events in order and without a gap for each job, duplicates aside; the audit chains intact; no
//! lease left; no device called twice at once.

use std::collections::{BTreeMap, BTreeSet};

use common::broker::EventsFrom;
use common::events::Envelope;
use common::ledger::JobView;
use testkit::wait::wait_until;
use uuid::Uuid;

use crate::world::{SOON, World};

/// The vendor asks for at most so many calls at once on a Panorama.
const PANORAMA_CALLS: u32 = 5;

/// What a case may do that others may not.
#[derive(Debug, Default)]
pub struct Allowed {
    asked_again: BTreeSet<String>,
    killed: bool,
}

impl Allowed {
    /// Nothing.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// These devices lose a download, so that it has to be asked for again.
    pub fn asking_again<'a>(mut self, serials: impl IntoIterator<Item = &'a str>) -> Self {
        self.asked_again.extend(serials.into_iter().map(str::to_owned));
        self
    }

    /// A process is killed: a device may still be answering its last call when the next process makes its first.
    pub fn after_a_kill(mut self) -> Self {
        self.killed = true;
        self
    }
}

impl World {
    /// Asserts all of them. Every job must have ended, and no worker may be running.
    pub async fn invariants(&self, allowed: &Allowed) {
        let jobs = self.jobs().await;
        every_job_has_ended(&jobs);
        one_job_per_device_at_any_time(&jobs);
        self.every_attempt_has_ended(&jobs).await;
        self.no_image_was_asked_for_twice(allowed).await;
        self.nothing_is_left_to_tell().await;
        self.events_are_gapless(&jobs).await;
        self.the_trail_is_intact(&jobs).await;
    }

    async fn every_attempt_has_ended(&self, jobs: &[JobView]) {
        let ledger = &self.engine().await.ledger;
        for job in jobs {
            for attempt in ledger.attempts(job.id).await.unwrap() {
                assert!(
                    attempt.ended_at.is_some() && attempt.ending.is_some(),
                    "job {}: {attempt:?}",
                    job.id
                );
            }
        }
    }

    async fn no_image_was_asked_for_twice(&self, allowed: &Allowed) {
        let counters = self.simulator.counters().await;
        let again =
            |((serial, _), n): &((String, String), u64)| *n > 1 && !allowed.asked_again.contains(serial);
        let twice: Vec<_> = counters.downloads().into_iter().filter(again).collect();
        assert!(twice.is_empty(), "asked for more than once: {twice:?}");
        for (serial, device) in counters.devices {
            let limit = if serial == "panorama" { PANORAMA_CALLS } else { 1 };
            let n = device.max_parallel_calls;
            assert!(n <= limit || allowed.killed, "{n} calls at once on {serial}, allowed are {limit}");
        }
    }

    async fn nothing_is_left_to_tell(&self) {
        let engine = self.engine().await;
        wait_until("the outbox is empty", SOON, async || match engine.ledger.outbox_depth().await.unwrap() {
            0 => Ok(()),
            n => Err(format!("{n} rows")),
        })
        .await;
        assert_eq!(engine.broker.dead_depth().await.unwrap(), 0, "dead letters");
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

    async fn events_are_gapless(&self, jobs: &[JobView]) {
        let mut last_words = BTreeMap::new();
        for event in self.events_of(jobs).await {
            last_words.insert(event.jobid, word(&event).to_owned());
        }
        for job in jobs {
            assert_eq!(last_words[&job.id], job.state.as_str(), "last event of job {}", job.id);
        }
    }

    async fn the_trail_is_intact(&self, jobs: &[JobView]) {
        let verdict = self.cli(&["audit", "verify"]).await.ok().json();
        assert_eq!(verdict["ok"], true, "{verdict}");
        let devices: BTreeSet<_> = jobs.iter().map(|job| &job.serial).collect();
        assert!(verdict["devices"].as_u64() >= Some(devices.len() as u64), "{verdict}");
    }
}

/// Terminal, with an end and without a worker.
fn every_job_has_ended(jobs: &[JobView]) {
    for job in jobs {
        assert!(job.state.is_terminal() && job.ended_at.is_some(), "{job:?}");
        assert_eq!(job.worker, None, "{job:?}");
    }
}

/// The lives of a device's jobs do not overlap.
fn one_job_per_device_at_any_time(jobs: &[JobView]) {
    let mut of_device: BTreeMap<_, Vec<&JobView>> = BTreeMap::new();
    for job in jobs {
        of_device.entry(&job.serial).or_default().push(job);
    }
    for jobs in of_device.values_mut() {
        jobs.sort_by_key(|job| job.id);
        for pair in jobs.windows(2) {
            assert!(pair[0].ended_at.is_some_and(|end| end <= pair[1].created_at), "two at once: {pair:?}");
        }
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
