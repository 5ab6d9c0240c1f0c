//! `job retry`: the wish of an ended job, once more.

use common::domain::job::PairMode;
use common::intake;

use crate::cli::PairArgs;
use crate::context::{Context, known_job};
use crate::failure::Failure;
use crate::queue::{self, Report, Told};

/// Queues a new job with the goal of an ended one.
pub(crate) async fn run(
    context: &Context,
    id: i64,
    pair: PairArgs,
    reason: Option<&str>,
) -> anyhow::Result<u8> {
    if pair.asked() == Some(PairMode::Sync) {
        return Err(Failure::usage(
            "--ha-sync needs both members of a pair in one command, and a retry is for one",
        )
        .hint("`panos-upgrade download from-csv FILE --ha-sync` with a file of both serials")
        .into());
    }
    let job = known_job(context.ledger().await?.as_ref(), id).await?;
    if !job.state.is_terminal() {
        return Err(Failure::usage(format!("job {id} has not ended, it is {}", job.state))
            .hint(format!("wait for it, or `panos-upgrade job cancel {id} --reason TEXT` first"))
            .into());
    }
    let spec = intake::repeat_of(&job, pair.asked(), context.config.worker.max_attempts);
    let report = queue::one(context, spec, job.hostname, reason).await?;
    context.output.print(&report, Report::page)?;
    Ok(report.code_of_one())
}
