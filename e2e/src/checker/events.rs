//! What the log of events must say: I6.
//!
//! Promises: an event that is delivered again is no finding; any other that is not the next of its job is. Leaves to
//! others: what an event says besides its number and its word.

use std::collections::BTreeMap;

use super::allowed::Allowed;
use super::evidence::{Event, Evidence, Job};
use super::findings::Findings;

/// Words after which a job says nothing more.
const LAST_WORDS: [&str; 4] = ["completed", "failed", "skipped", "cancelled"];

/// Every event of every job, in order, once but for second deliveries, the last one as the job's state (I6).
pub(super) fn judge(evidence: &Evidence, allowed: &Allowed, findings: &mut Findings) {
    let mut heard: BTreeMap<i64, BTreeMap<i64, &Event>> = BTreeMap::new();
    for event in &evidence.events {
        hear(heard.entry(event.job).or_default(), event, allowed, findings);
    }
    let none = BTreeMap::new();
    for job in &evidence.jobs {
        is_told(job, heard.get(&job.id).unwrap_or(&none), allowed, findings);
    }
}

fn hear<'a>(
    known: &mut BTreeMap<i64, &'a Event>,
    event: &'a Event,
    allowed: &Allowed,
    findings: &mut Findings,
) {
    let Event { id, job, number, .. } = event;
    if let Some(first) = known.get(number) {
        if first.id != *id {
            findings.other("I6", format!("job {job}: two events have number {number}"));
        }
        return;
    }
    let last = known.keys().next_back().copied();
    let is_next = last.map_or(*number == 1 || allowed.log_lost, |last| *number == last + 1);
    if !is_next {
        let last = last.unwrap_or(0);
        findings.other("I6", format!("job {job}: event {number} came right after {last}"));
    }
    known.insert(*number, event);
}

fn is_told(job: &Job, heard: &BTreeMap<i64, &Event>, allowed: &Allowed, findings: &mut Findings) {
    let missing: Vec<i64> = (1..=job.last_event).filter(|number| !heard.contains_key(number)).collect();
    if !missing.is_empty() && !allowed.log_lost {
        findings.missing_event(format!("job {}: events {missing:?} of {}", job.id, job.last_event));
    }
    for number in heard.keys().filter(|number| **number > job.last_event) {
        findings.other("I6", format!("job {}: event {number} was never committed", job.id));
    }
    let ends: Vec<&str> =
        heard.values().map(|event| event.word.as_str()).filter(|word| LAST_WORDS.contains(word)).collect();
    let state = job.state.as_str();
    if !job.state.is_terminal() || (allowed.log_lost && ends.is_empty()) {
        return;
    }
    if ends.is_empty() {
        findings.missing_event(format!("job {}: nobody was told that it is {state}", job.id));
    } else if ends != [state] {
        findings.other("I4", format!("job {} is {state}, and the log tells of {ends:?}", job.id));
    }
}
