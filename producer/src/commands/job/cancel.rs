//! `job cancel`: a wish that a job stop.

use common::broker::Control;
use common::domain::job::{JobId, JobState};
use common::ledger::CancelAnswer;
use serde::Serialize;

use crate::context::Context;
use crate::control;
use crate::exit;
use crate::queue;
use crate::requester::because;

/// What became of the wish.
#[derive(Serialize)]
struct Cancelled {
    job_id: JobId,
    #[serde(flatten)]
    answer: CancelAnswer,
}

/// Cancels a waiting job; asks the worker of a running one to stop.
pub(crate) async fn run(context: &Context, id: i64, reason: &str) -> anyhow::Result<u8> {
    let by = because(reason)?;
    let engine = context.engine().await?;
    let job_id = JobId(id);
    let answer = engine.ledger.cancel(job_id, &by).await?;
    if answer == CancelAnswer::Requested {
        control::tell(&engine, &Control::Cancel { job_id }).await;
    }
    queue::publish(context, engine).await;
    context.output.print(&Cancelled { job_id, answer }, |_, page| page.line(sentence(job_id, answer)))?;
    Ok(match answer {
        CancelAnswer::Cancelled
        | CancelAnswer::Requested
        | CancelAnswer::AlreadyEnded { state: JobState::Cancelled } => exit::OK,
        CancelAnswer::AlreadyEnded { .. } => exit::SOME_NOT,
    })
}

fn sentence(job: JobId, answer: CancelAnswer) -> String {
    match answer {
        CancelAnswer::Cancelled => format!("job {job} is cancelled, its device is free"),
        CancelAnswer::Requested => format!(
            "job {job} runs: its worker stops at the next safe point; a download that the firewall has begun goes on there"
        ),
        CancelAnswer::AlreadyEnded { state } => format!("job {job} had ended before: {state}"),
    }
}
