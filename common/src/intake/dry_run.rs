//! What queueing would do: the plans, the jobs that devices hold already, and the mismatches that block them.
//!
//! Leaves to others: deciding what a device needs ([`plan`](super::plan), the same as without a dry run).

use std::collections::HashMap;

use crate::ledger::{Ledger, LedgerError};

use super::holders;
use super::plan::Planned;
use super::report::{PlanView, Report, Skipped};

/// Adds each planned device to the report as queued, existing or in conflict; reads, writes nothing.
pub(super) async fn add(
    ledger: &dyn Ledger,
    planned: Vec<Planned>,
    report: &mut Report,
) -> Result<(), LedgerError> {
    let mut holders = holders(ledger).await?;
    let open = ledger.mismatches(true).await?.into_iter();
    let mismatches: HashMap<_, _> = open.map(|mismatch| (mismatch.serial, mismatch.version)).collect();
    for Planned { device, spec, plan } in planned {
        match holders.remove(&spec.serial) {
            None if mismatches.contains_key(&spec.serial) => {
                let version = mismatches[&spec.serial];
                report.skip(Skipped::mismatch(spec.serial, device.hostname, &version));
            }
            None => report.plan(PlanView::new(device, &plan)),
            Some(job) if job.job_type == spec.job_type => {
                let other = (job.goal != spec.goal).then_some(&job.goal);
                report.skip(Skipped::existing(spec.serial, device.hostname, job.id, job.state, other));
            }
            Some(job) => {
                report.skip(Skipped::conflict(spec.serial, device.hostname, job.id, job.job_type, job.state));
            }
        }
    }
    Ok(())
}
