//! `worker list`: who works, on how much, and who was not heard of.

use common::ledger::{WORKERS_KEPT, WORKERS_SHOWN, WorkerState, WorkerView};
use serde::Serialize;

use crate::context::Context;
use crate::exit;
use crate::output::{Page, Table, time};

/// By start.
#[derive(Serialize)]
struct Workers {
    workers: Vec<WorkerView>,
}

/// Lists workers.
pub(crate) async fn run(context: &Context, all: bool) -> anyhow::Result<u8> {
    let since = if all { WORKERS_KEPT } else { WORKERS_SHOWN };
    let listed = Workers { workers: context.ledger().await?.workers(since).await? };
    context.output.print(&listed, page)?;
    let is_lost = |worker: &WorkerView| worker.state == WorkerState::Silent && worker.n_running > 0;
    Ok(if listed.workers.iter().any(is_lost) { exit::SOME_NOT } else { exit::OK })
}

fn page(Workers { workers }: &Workers, page: &mut Page) {
    if workers.is_empty() {
        return page.line("no worker; `panos-upgrade work` or `panos-upgrade-worker` is one");
    }
    let mut table = Table::new(["ID", "STATE", "JOBS", "OF", "QUEUES", "VERSION", "STARTED", "SEEN"]);
    for worker in workers {
        let queues: Vec<&str> = worker.job_types.iter().map(|job_type| job_type.as_str()).collect();
        let state = match &worker.pause {
            Some(_) => format!("{}, paused", worker.state.as_str()),
            None => worker.state.as_str().to_owned(),
        };
        table.row([
            worker.id.to_string(),
            state,
            worker.n_running.to_string(),
            worker.concurrency.to_string(),
            queues.join(" "),
            worker.version.clone(),
            time(worker.started_at),
            time(worker.seen_at),
        ]);
    }
    page.table(&table);
    for worker in workers {
        if let Some(pause) = &worker.pause {
            page.line(format!(
                "{} is paused since {} by {}: {}; `panos-upgrade fleet resume --worker {} --reason TEXT` ends it",
                worker.id, time(pause.since), pause.by.operator, pause.reason, worker.id
            ));
        }
    }
}
