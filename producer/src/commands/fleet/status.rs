//! `fleet status`: what holds the fleet or a part of it, who works, and how much waits behind it.

use std::collections::BTreeMap;
use std::time::Duration;

use common::domain::hold::{FleetHold, Pause};
use common::ledger::{Ledger, OutboxState, StatusCounts, WORKERS_SHOWN, WorkerState};
use serde::Serialize;

use crate::alarms;
use crate::commands::download::status::one_line;
use crate::context::Context;
use crate::exit;
use crate::output::{Page, counted};

/// Older than this, what was to be told is late: relays look every second, and a refused message rests for some.
const LATE: Duration = Duration::from_secs(60);

/// All of it. Names of fields are interface.
#[derive(Serialize)]
struct Fleet {
    hold: Option<FleetHold>,
    pauses: Vec<Pause>,
    workers: BTreeMap<WorkerState, u64>,
    outbox: Outbox,
    dead_letters: u64,
    #[serde(flatten)]
    counts: StatusCounts,
}

/// What still has to be told.
#[derive(Serialize)]
struct Outbox {
    n_rows: u64,
    oldest_s: Option<u64>,
    n_refused: u64,
    last_problem: Option<String>,
}

impl From<OutboxState> for Outbox {
    fn from(state: OutboxState) -> Self {
        let OutboxState { n_rows, oldest, n_refused, last_problem } = state;
        Self { n_rows, oldest_s: oldest.map(|oldest| oldest.as_secs()), n_refused, last_problem }
    }
}

/// Tells how the fleet is.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    let fleet = Fleet::read(context.ledger().await?.as_ref()).await?;
    context.output.print(&fleet, page)?;
    Ok(if fleet.hold.is_none() && fleet.pauses.is_empty() { exit::OK } else { exit::SOME_NOT })
}

impl Fleet {
    async fn read(ledger: &dyn Ledger) -> anyhow::Result<Self> {
        let mut workers = BTreeMap::new();
        for worker in ledger.workers(WORKERS_SHOWN).await? {
            *workers.entry(worker.state).or_default() += 1;
        }
        Ok(Self {
            hold: ledger.hold().await?,
            pauses: ledger.pauses().await?,
            workers,
            outbox: ledger.outbox_state().await?.into(),
            dead_letters: ledger.n_dead().await?,
            counts: ledger.counts(None).await?,
        })
    }
}

fn page(fleet: &Fleet, page: &mut Page) {
    match &fleet.hold {
        Some(hold) => alarms::hold(hold, page),
        None if fleet.pauses.is_empty() => page.line("nothing holds the fleet"),
        None => {}
    }
    for pause in &fleet.pauses {
        alarms::pause(pause, page);
    }
    page.line(one_line(&fleet.counts));
    page.line(workers(&fleet.workers));
    outbox(&fleet.outbox, page);
    if fleet.dead_letters > 0 {
        let letters = counted(usize::try_from(fleet.dead_letters).unwrap_or(usize::MAX), "dead letter");
        page.line(format!("{letters}; `panos-upgrade dead list` shows them"));
    }
}

/// `2 workers working, 1 silent`.
fn workers(workers: &BTreeMap<WorkerState, u64>) -> String {
    let states: Vec<String> = workers.iter().map(|(state, n)| format!("{n} {}", state.as_str())).collect();
    if states.is_empty() { "no worker".to_owned() } else { format!("workers: {}", states.join(", ")) }
}

/// Nothing while everything is told in time.
fn outbox(outbox: &Outbox, page: &mut Page) {
    let Some(oldest_s) = outbox.oldest_s.filter(|oldest_s| *oldest_s >= LATE.as_secs()) else { return };
    let why = outbox.last_problem.as_deref().map(|problem| format!(": {problem}")).unwrap_or_default();
    page.line(format!(
        "{} wait to be told, the oldest for {oldest_s} s{why}; check the broker with `panos-upgrade config check`",
        counted(usize::try_from(outbox.n_rows).unwrap_or(usize::MAX), "message")
    ));
}
