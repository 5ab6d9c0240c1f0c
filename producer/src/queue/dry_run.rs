//! What queueing would do: the plans, and the jobs that devices hold already.
//!
//! Leaves to others: deciding what a device needs ([`crate::plan`], the same as without a dry run).

use std::collections::HashMap;

use common::domain::device::Serial;
use common::domain::job::JobState;
use common::ledger::{JobFilter, JobView, Ledger};

use super::report::{PlanView, Report, Skipped};
use crate::plan::Planned;

/// More than any fleet has devices; each has at most one active job.
const ALL: u32 = 1_000_000;

/// Adds each planned device to the report as queued, existing or in conflict; reads, writes nothing.
pub(super) async fn add(
    ledger: &dyn Ledger,
    planned: Vec<Planned>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut holders = holders(ledger).await?;
    for Planned { device, spec, plan } in planned {
        match holders.remove(&spec.serial) {
            None => report.plan(PlanView::new(device, &plan)),
            Some(job) if job.job_type == spec.job_type => {
                report.skip(Skipped::existing(spec.serial, device.hostname, job.id, job.state));
            }
            Some(job) => {
                report.skip(Skipped::conflict(spec.serial, device.hostname, job.id, job.job_type, job.state));
            }
        }
    }
    Ok(())
}

async fn holders(ledger: &dyn Ledger) -> anyhow::Result<HashMap<Serial, JobView>> {
    let states = JobState::ALL.into_iter().filter(|state| !state.is_terminal()).collect();
    let filter = JobFilter { states, ..JobFilter::default() };
    let jobs = ledger.jobs(&filter, ALL).await?;
    Ok(jobs.into_iter().map(|job| (job.serial.clone(), job)).collect())
}
