//! Who works, and what is stuck: asked of the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::domain::job::JobState;
use common::ledger::{JobFilter, Ledger, LedgerError, WORKERS_SHOWN, WorkerState, WorkerView};

use super::finding::Finding;
use crate::commands::download::status::{n_active, one_line};

const AREA: &str = "fleet";

/// Older than this, what was to be told is late: relays look every second, and a refused message rests for some.
const LATE: Duration = Duration::from_secs(60);

/// Running jobs that are compared with the workers that hold them.
const RUNNING: u32 = 10_000;

/// Examines workers, outbox, dead letters, leases, and what holds the fleet.
/// `is_embedded`: workers are no daemons, but run when somebody says `work`.
pub(super) async fn examine(ledger: &dyn Ledger, is_embedded: bool) -> Vec<Finding> {
    match stuck(ledger, is_embedded).await {
        Ok(findings) => findings,
        Err(error) => vec![Finding::of_error(AREA, "ledger", &error)],
    }
}

async fn stuck(ledger: &dyn Ledger, is_embedded: bool) -> Result<Vec<Finding>, LedgerError> {
    let counts = ledger.counts(None).await?;
    let all = ledger.workers(WORKERS_SHOWN).await?;
    let alive: Vec<&WorkerView> = all
        .iter()
        .filter(|worker| matches!(worker.state, WorkerState::Working | WorkerState::Draining))
        .collect();
    let mut findings = vec![workers(&alive, n_active(&counts), is_embedded), versions(&alive)];
    findings.push(Finding::ok(AREA, "jobs", one_line(&counts)));
    findings.push(leases(ledger, &alive).await?);
    findings.extend(held(ledger).await?);
    findings.push(outbox(ledger).await?);
    let n_dead = ledger.n_dead().await?;
    findings.push(if n_dead == 0 {
        Finding::ok(AREA, "dead letters", "none")
    } else {
        let remedy = "`panos-upgrade dead list` shows them; then `dead requeue` or `dead drop`";
        Finding::warn(AREA, "dead letters", format!("{n_dead} wait for a decision"), Some(remedy))
    });
    Ok(findings)
}

fn workers(alive: &[&WorkerView], n_active: u64, is_embedded: bool) -> Finding {
    const CHECK: &str = "workers";
    let n_slots: u64 = alive.iter().map(|worker| u64::from(worker.concurrency)).sum();
    match alive.len() {
        0 if n_active > 0 && is_embedded => Finding::warn(
            AREA,
            CHECK,
            format!("none works now, and {n_active} jobs wait"),
            Some("`panos-upgrade work` performs them here"),
        ),
        0 if n_active > 0 => Finding::fail(
            AREA,
            CHECK,
            format!("none is alive, and {n_active} jobs wait or run"),
            "start panos-upgrade-worker, or `panos-upgrade work` here",
        ),
        0 => Finding::ok(AREA, CHECK, "none is alive, and there is nothing to do"),
        n => Finding::ok(AREA, CHECK, format!("{n} alive, with {n_slots} slots")),
    }
}

fn versions(alive: &[&WorkerView]) -> Finding {
    const CHECK: &str = "versions";
    let mut versions: BTreeMap<&str, usize> = BTreeMap::new();
    for worker in alive {
        *versions.entry(worker.version.as_str()).or_default() += 1;
    }
    let ours = env!("CARGO_PKG_VERSION");
    if versions.is_empty() {
        return Finding::ok(AREA, CHECK, format!("{ours}; no worker to compare with"));
    }
    let is_equal = versions.keys().all(|version| *version == ours);
    if is_equal {
        return Finding::ok(AREA, CHECK, format!("{ours}, as every worker"));
    }
    let listed: Vec<String> = versions.iter().map(|(version, n)| format!("{n} with {version}")).collect();
    let found = format!("this is {ours}, workers: {}", listed.join(", "));
    Finding::warn(
        AREA,
        CHECK,
        found,
        Some("bring all to one version: an old one may lack what a new one writes"),
    )
}

/// Running jobs that nobody alive holds: their leases run out, and the rescuer of any worker frees them.
async fn leases(ledger: &dyn Ledger, alive: &[&WorkerView]) -> Result<Finding, LedgerError> {
    const CHECK: &str = "leases";
    let filter = JobFilter { states: vec![JobState::Running], ..JobFilter::default() };
    let running = ledger.jobs(&filter, RUNNING).await?;
    let holders: BTreeSet<_> = alive.iter().map(|worker| &worker.id).collect();
    let orphans =
        running.iter().filter(|job| job.worker.as_ref().is_some_and(|holder| !holders.contains(holder)));
    let orphans: Vec<String> = orphans.map(|job| job.id.to_string()).collect();
    if orphans.is_empty() {
        return Ok(Finding::ok(
            AREA,
            CHECK,
            format!("{} running, each held by a worker that is alive", running.len()),
        ));
    }
    let found = format!(
        "{} running jobs are held by workers that are silent or gone, for example {}",
        orphans.len(),
        orphans.join(", ").chars().take(60).collect::<String>()
    );
    Ok(Finding::warn(
        AREA,
        CHECK,
        found,
        Some("any worker that lives takes them over when their leases have run out; start one"),
    ))
}

async fn held(ledger: &dyn Ledger) -> Result<Vec<Finding>, LedgerError> {
    const CHECK: &str = "hold";
    let mut findings = Vec::new();
    if let Some(hold) = ledger.hold().await? {
        let remedy = "mend the reason, then `panos-upgrade fleet resume --reason TEXT`";
        findings.push(Finding::warn(
            AREA,
            CHECK,
            format!("the fleet is held: {}", hold.reason),
            Some(remedy),
        ));
    }
    for pause in ledger.pauses().await? {
        let found = format!("{} paused: {}", crate::alarms::part(&pause.scope), pause.reason);
        findings.push(Finding::warn(
            AREA,
            CHECK,
            found,
            Some("`panos-upgrade fleet status` says how to resume it"),
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(AREA, CHECK, "nothing is held or paused"));
    }
    Ok(findings)
}

async fn outbox(ledger: &dyn Ledger) -> Result<Finding, LedgerError> {
    const CHECK: &str = "outbox";
    let state = ledger.outbox_state().await?;
    match state.oldest.filter(|oldest| *oldest >= LATE) {
        None => Ok(Finding::ok(AREA, CHECK, format!("{} messages wait, none for long", state.n_rows))),
        Some(oldest) => {
            let why = state.last_problem.map(|problem| format!(": {problem}")).unwrap_or_default();
            let found = format!("{} messages wait, the oldest for {} s{why}", state.n_rows, oldest.as_secs());
            Ok(Finding::warn(
                AREA,
                CHECK,
                found,
                Some("workers relay them: start one, and look at the broker's findings above"),
            ))
        }
    }
}
