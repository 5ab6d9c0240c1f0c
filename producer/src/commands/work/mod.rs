//! `work`: a worker in this process, with live progress.
//!
//! Promises: Ctrl-C once hands every lease back and says how to go on, twice leaves now; the summary tells
//! what this run could not do and what to do about it. Leaves to others: performing (`worker::App`, the same
//! as in the daemon).

mod view;

use std::collections::HashSet;
use std::time::Duration;

use common::domain::job::JobId;
use common::engine::Engine;
use common::ledger::{Ledger, StatusCounts};
use common::shutdown::Shutdown;
use dashboard::Server;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use worker::{App, Ending, Until};

use self::view::View;
use super::download::status::{self, Exception};
use crate::cli::WorkArgs;
use crate::context::Context;
use crate::exit;
use crate::output::{Page, Table, note};

/// Time that a second Ctrl-C leaves for attempts that are about to write; leases run out by themselves.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// Time for the last answers of the dashboard.
const DASHBOARD_GRACE: Duration = Duration::from_secs(3);

/// What this run came to. Names of fields are interface.
#[derive(Serialize)]
struct Worked {
    /// Whether it was stopped before everything was done.
    stopped: bool,
    /// Whether it ended because the fleet is held while jobs wait.
    held: bool,
    /// The fleet now, by the newest job of each device.
    #[serde(flatten)]
    counts: StatusCounts,
    /// Devices whose job ended in this run and that are not as asked.
    exceptions: Vec<Exception>,
}

/// Works until idle, or until told to stop.
pub(crate) async fn run(context: &Context, args: &WorkArgs) -> anyhow::Result<u8> {
    let stop = Shutdown::new();
    stop.listen_for_signals()?;
    let engine = context.engine().await?;
    let (ledger, ledger_and_broker) = (engine.ledger.clone(), engine.clone());
    let app = App::new(engine, &context.config, &stop)?;
    let dashboard = start_dashboard(context, &ledger_and_broker, args).await?;
    let before = exceptions_known(ledger.as_ref()).await?;

    let until = if args.until_idle { Until::Idle } else { Until::Stopped };
    let view_ends = CancellationToken::new();
    let working = async {
        let ending = tokio::select! {
            ending = app.run(until) => Some(ending),
            () = left_at_once(&stop) => None,
        };
        view_ends.cancel();
        ending
    };
    let (ending, ()) = tokio::join!(working, View::new(ledger.as_ref()).run(&view_ends));
    if let Some(dashboard) = dashboard {
        dashboard.drain(DASHBOARD_GRACE).await;
    }
    let (stopped, held) = match ending.transpose()? {
        Some(Ending::Idle) => (false, false),
        Some(Ending::Held) => (false, true),
        Some(Ending::Stopped) | None => (true, false),
    };

    let counts = ledger.counts(None).await?;
    let mut exceptions = status::exceptions(ledger.as_ref()).await?;
    exceptions.retain(|exception| !before.contains(&exception.job_id));
    let worked = Worked { stopped, held, counts, exceptions };
    context.output.print(&worked, page)?;
    Ok(code(&worked))
}

fn code(worked: &Worked) -> u8 {
    if worked.stopped {
        note(
            "stopped: downloads go on on the firewalls; `panos-upgrade work` takes them over where they are",
        );
        exit::INTERRUPTED
    } else if worked.held {
        note(
            "jobs wait and nothing may begin them: `panos-upgrade fleet status` says what is held or paused; resume it, then run this again",
        );
        exit::SOME_NOT
    } else if worked.exceptions.is_empty() {
        exit::OK
    } else {
        exit::SOME_NOT
    }
}

/// Serves the dashboard beside the worker, if that was asked for. It stops by itself when this run has ended, so that a
/// page shows the end too; what goes wrong in it is not the worker's.
async fn start_dashboard(
    context: &Context,
    engine: &Engine,
    args: &WorkArgs,
) -> anyhow::Result<Option<Shutdown>> {
    let Some(address) = args.dashboard else { return Ok(None) };
    let mut config = context.config.clone();
    config.dashboard.listen = address.unwrap_or(config.dashboard.listen);
    let stop = Shutdown::new();
    let server = Server::start(engine.clone(), &config, &stop).await?;
    let ends = if args.until_idle { ", until this run ends" } else { "" };
    note(&format!("the fleet in a browser{ends}: {}", server.url()));
    Ok(Some(stop))
}

/// Resolves some time after the second signal.
async fn left_at_once(stop: &Shutdown) {
    stop.aborting().await;
    tokio::time::sleep(LEAVE_WITHIN).await;
}

/// Jobs that are not as asked already, of earlier runs.
async fn exceptions_known(ledger: &dyn Ledger) -> anyhow::Result<HashSet<JobId>> {
    Ok(status::exceptions(ledger).await?.into_iter().map(|exception| exception.job_id).collect())
}

fn page(worked: &Worked, page: &mut Page) {
    let Worked { counts, exceptions, .. } = worked;
    page.line(status::one_line(counts));
    page.line(format!("{} of {} ready for install", counts.ready_for_install, counts.total));
    let mut remedies = Table::new(["FAILURE", "DEVICES", "REMEDY"]);
    let mut kinds: Vec<_> = exceptions.iter().filter_map(|exception| exception.kind).collect();
    kinds.dedup();
    for kind in kinds {
        let n = exceptions.iter().filter(|exception| exception.kind == Some(kind)).count();
        remedies.row([kind.to_string(), n.to_string(), kind.remedy().to_owned()]);
    }
    if !remedies.is_empty() {
        page.gap();
        page.table(&remedies);
    }
    status::exceptions_table(exceptions, page);
}
