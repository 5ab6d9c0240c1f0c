//! `job list`: jobs, newest first.

use common::domain::job::JobState;
use common::ledger::{JobFilter, JobView};
use serde::Serialize;

use crate::cli::JobListArgs;
use crate::context::{self, Context};
use crate::exit;
use crate::failure::Failure;
use crate::output::{Page, Table, counted, note};

/// Jobs, newest first.
#[derive(Serialize)]
struct Jobs {
    jobs: Vec<JobView>,
}

/// Lists jobs.
pub(crate) async fn run(context: &Context, args: &JobListArgs) -> anyhow::Result<u8> {
    let state = args.state.as_deref().map(str::parse::<JobState>).transpose();
    let state = state.map_err(|error| Failure::usage(format!("--state: {error}")))?;
    let ledger = context.ledger().await?;
    let serial = match &args.device {
        Some(serial) => Some(context::known_device(ledger.as_ref(), serial).await?.device.serial),
        None => None,
    };
    let filter = JobFilter {
        states: state.into_iter().collect(),
        serial,
        newest_per_device: args.newest,
        ..JobFilter::default()
    };
    let jobs = ledger.jobs(&filter, args.limit).await?;
    if jobs.len() == usize::try_from(args.limit).unwrap_or(usize::MAX) {
        note(&format!("note: older jobs may be left out, --limit is {}", args.limit));
    }
    context.output.print(&Jobs { jobs }, page)?;
    Ok(exit::OK)
}

/// When a job was made is left out, so that the message keeps its words whole at 80 columns; `job show` has it.
fn page(Jobs { jobs }: &Jobs, page: &mut Page) {
    let mut table = Table::new(["ID", "STATE", "SERIAL", "HOSTNAME", "GOAL", "MESSAGE"]);
    for job in jobs {
        table.row([
            job.id.to_string(),
            state(job),
            job.serial.to_string(),
            job.hostname.clone(),
            job.goal.to_string(),
            job.message.clone(),
        ]);
    }
    page.table(&table);
    page.line(counted(jobs.len(), "job"));
}

/// `running 42%`: how far a job is matters only while it runs.
fn state(job: &JobView) -> String {
    match job.state {
        JobState::Running => format!("{} {}%", job.state, job.progress),
        JobState::Scheduled
        | JobState::Available
        | JobState::Completed
        | JobState::Failed
        | JobState::Cancelled
        | JobState::Skipped => job.state.to_string(),
    }
}
