//! Reads what a check looks at, while nobody works any more.
//!
//! Everything is waited for with a bound and then taken as it is: what did not come in time is missing, and the rules
//! say so.
//!
//! Promises: a place that cannot be read is an error, and not an empty list. Leaves to others: every judgement.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use common::audit::EntryBody;
use common::broker::EventsFrom;
use common::domain::job::JobType;
use common::events::Envelope;
use common::ledger::{AttemptView, JobFilter, JobView, Rescued, TrailFilter};
use testkit::wait::poll_until;

use super::evidence::{Attempt, Call, Entry, Event, Evidence, Job, Rest};
use super::leaks;
use crate::ledger::Count;
use crate::simulator::Journal;
use crate::world::World;

/// More jobs than any case has.
const ALL_JOBS: u32 = 1_000_000;

/// Entries of the trail per query.
const PAGE: u32 = 10_000;

/// What the outbox gets to become empty, and consumers to be gone.
const SETTLES_WITHIN: Duration = Duration::from_secs(30);

/// The log has more to come for so long after the last event while some are missing.
const SILENCE: Duration = Duration::from_secs(10);

/// And for so long when none is: what comes too often comes soon.
const AFTERMATH: Duration = Duration::from_millis(300);

/// Workers that ended within this time are asked for leases.
const RECENTLY: Duration = Duration::from_secs(24 * 60 * 60);

/// Longer than any run: a reconciliation at rest is to find what is lost, not what is young.
const UNCLAIMED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// All of it, or what could not be read.
pub(super) async fn evidence(world: &World) -> Result<Evidence, String> {
    let rest = rest(world).await?;
    let jobs = jobs(world).await?;
    let events = events(world, &jobs).await?;
    let entries = entries(world).await?;
    let Journal { started_at, entries: calls, n_forgotten } = world.simulator.whole_journal().await;
    let epoch_ms = started_at.as_millisecond();
    let calls = calls.into_iter().map(|entry| call(entry, epoch_ms)).collect();
    let counters = world.simulator.counters().await;
    let parallel =
        |(serial, device): (String, crate::answers::BoxCounters)| (serial, device.max_parallel_calls);
    let mut evidence = Evidence {
        jobs,
        entries,
        broken_trail: broken_trail(world).await,
        events: events.iter().map(event).collect(),
        calls,
        n_forgotten_calls: n_forgotten,
        parallel_calls: counters.devices.into_iter().map(parallel).collect(),
        rest,
        leaks: Vec::new(),
    };
    if evidence.jobs.iter().all(|job| job.state.is_terminal()) {
        evidence.rest.repaired = repaired(world).await?;
    }
    let events = serde_json::to_string(&events).map_err(|error| unread("the events", error))?;
    let places = [
        ("what a program printed", world.printed()),
        ("the ledger", leaks::ledger_text(world).await?),
        ("an event", events),
    ];
    evidence.leaks = leaks::find(&leaks::canaries(world), &places);
    Ok(evidence)
}

fn unread(what: &str, error: impl Display) -> String {
    format!("{what} could not be read: {error}")
}

async fn jobs(world: &World) -> Result<Vec<Job>, String> {
    let ledger = &world.engine().await.ledger;
    let views = ledger.jobs(&JobFilter::default(), ALL_JOBS).await.map_err(|error| unread("jobs", error))?;
    let counts = world.counts().await?;
    let tokens = world.tokens().await?;
    let mut jobs = Vec::with_capacity(views.len());
    for view in views {
        let attempts = ledger.attempts(view.id).await.map_err(|error| unread("attempts", error))?;
        let count = counts.get(&view.id.0).copied().unwrap_or_default();
        let tokens = tokens.get(&view.id.0).map_or(&[][..], Vec::as_slice);
        jobs.push(job(view, count, tokens, attempts));
    }
    jobs.sort_by_key(|job| job.id);
    Ok(jobs)
}

fn job(view: JobView, count: Count, tokens: &[i64], attempts: Vec<AttemptView>) -> Job {
    Job {
        id: view.id.0,
        serial: view.serial.to_string(),
        state: view.state,
        last_token: count.lease_token,
        last_event: count.event_seq,
        max_attempts: view.max_attempts,
        worker: view.worker.map(|worker| worker.0),
        created_ms: view.created_at.as_millisecond(),
        ended_ms: view.ended_at.map(jiff::Timestamp::as_millisecond),
        attempts: tokens.iter().zip(attempts).map(|(token, view)| attempt(*token, view)).collect(),
    }
}

fn attempt(token: i64, view: AttemptView) -> Attempt {
    Attempt {
        token,
        attempt: view.attempt,
        worker: view.worker.0,
        from_ms: view.started_at.as_millisecond(),
        to_ms: view.ended_at.map(jiff::Timestamp::as_millisecond),
        ending: view.ending,
    }
}

async fn entries(world: &World) -> Result<Vec<Entry>, String> {
    let ledger = &world.engine().await.ledger;
    let mut entries = Vec::new();
    let mut after: Option<(String, i64)> = None;
    loop {
        let place = after.as_ref().map(|(chain, seq)| (chain.as_str(), *seq));
        let page = ledger.entries(&TrailFilter::default(), place, PAGE).await;
        let page = page.map_err(|error| unread("the trail", error))?;
        let Some(last) = page.last() else { return Ok(entries) };
        after = Some((last.chain.clone(), last.seq));
        // What is no entry any more is for `audit verify` to say.
        let bodies = page.iter().filter_map(|stored| serde_json::from_slice::<EntryBody>(&stored.body).ok());
        entries.extend(bodies.filter_map(|body| {
            Some(Entry { job: body.job?.0, action: body.action, at_ms: body.at.as_millisecond() })
        }));
    }
}

/// The whole log, as it is delivered. Ends when every event that jobs have counted was heard, or after a silence.
async fn events(world: &World, jobs: &[Job]) -> Result<Vec<Envelope>, String> {
    let mut feed = world
        .engine()
        .await
        .broker
        .events(EventsFrom::First)
        .await
        .map_err(|error| unread("the log of events", error))?;
    let mut open: BTreeMap<(i64, i64), ()> = BTreeMap::new();
    for job in jobs {
        open.extend((1..=job.last_event).map(|number| ((job.id, number), ())));
    }
    let mut log = Vec::new();
    loop {
        let patience = if open.is_empty() { AFTERMATH } else { SILENCE };
        let Ok(next) = tokio::time::timeout(patience, feed.next()).await else { return Ok(log) };
        let event = next.map_err(|error| unread("the log of events", error))?;
        let envelope: Envelope =
            serde_json::from_str(&event.body).map_err(|error| unread("an event", error))?;
        open.remove(&(envelope.jobid.0, envelope.jobsequence));
        log.push(envelope);
    }
}

fn event(envelope: &Envelope) -> Event {
    let kind = envelope.event_type.as_str();
    let word = kind.strip_prefix("panos.job.").and_then(|rest| rest.strip_suffix(".v1")).unwrap_or(kind);
    Event { id: envelope.id, job: envelope.jobid.0, number: envelope.jobsequence, word: word.to_owned() }
}

fn call(entry: crate::answers::Entry, epoch_ms: i64) -> Call {
    let at = |ms: u64| epoch_ms.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
    Call {
        gone: entry.answer == "gone",
        serial: entry.serial,
        command: entry.command,
        version: entry.version,
        client: entry.client,
        began_ms: at(entry.began_ms),
        at_ms: at(entry.at_ms),
        file: entry.begun.map(|begun| begun.file),
    }
}

/// What the programs' own verification says.
async fn broken_trail(world: &World) -> Option<String> {
    let said = world.cli(&["audit", "verify"]).await;
    let verdict: serde_json::Value = serde_json::from_str(&said.stdout).unwrap_or_default();
    let is_whole = said.code == 0 && verdict["ok"] == true;
    (!is_whole).then(|| format!("exit code {}: {} {}", said.code, said.stdout.trim(), said.stderr.trim()))
}

async fn repaired(world: &World) -> Result<Vec<String>, String> {
    let found = world.engine().await.ledger.rescue(UNCLAIMED_AFTER, u32::MAX).await;
    let Rescued { expired, given_up, unclaimed, held_up, unsent } =
        found.map_err(|error| unread("what is lost", error))?;
    let lists = [
        ("expired leases", expired),
        ("jobs that lost too many", given_up),
        ("jobs that nobody claimed", unclaimed),
        ("jobs that nobody woke", held_up),
        ("jobs without a wake-up", unsent),
    ];
    let found = lists.into_iter().filter(|(_, jobs)| !jobs.is_empty());
    Ok(found.map(|(what, jobs)| format!("{what}: {jobs:?}")).collect())
}

async fn rest(world: &World) -> Result<Rest, String> {
    let engine = world.engine().await;
    let mut rest = Rest { memory: world.memory(), ..Rest::default() };
    // What did not settle in time stays in `rest` as it was seen last.
    let _ = poll_until("the outbox is empty and nobody consumes", SETTLES_WITHIN, async || {
        rest.n_unpublished =
            engine.ledger.outbox_depth().await.map_err(|error| unread("the outbox", error))?;
        rest.n_consumers = 0;
        for job_type in JobType::ALL {
            let depth = engine.broker.depth(job_type).await;
            rest.n_consumers += depth.map_err(|error| unread("a queue", error))?.n_consumers;
        }
        match (rest.n_unpublished, rest.n_consumers) {
            (0, 0) => Ok(()),
            (rows, consumers) => Err(format!("{rows} rows, {consumers} consumers")),
        }
    })
    .await;
    let at_broker = engine.broker.dead_depth().await.map_err(|error| unread("dead letters", error))?;
    let kept = engine.ledger.n_dead().await.map_err(|error| unread("dead letters", error))?;
    rest.n_dead = at_broker + kept;
    let workers = engine.ledger.workers(RECENTLY).await.map_err(|error| unread("workers", error))?;
    let holders = workers.into_iter().filter(|worker| worker.n_running > 0);
    rest.holders = holders.map(|worker| worker.id.0).collect();
    Ok(rest)
}
