//! `device remove`: a device leaves the inventory.

use common::domain::device::Serial;
use common::ledger::RemoveAnswer;
use serde::Serialize;

use crate::context::{self, Context};
use crate::exit;
use crate::requester::because;

/// What became of it.
#[derive(Serialize)]
struct Removed {
    serial: Serial,
    /// Whether it was out already, and nothing was changed.
    was_gone: bool,
    #[serde(flatten)]
    answer: RemoveAnswer,
}

/// Marks a device as gone, unless a job holds it.
pub(crate) async fn run(context: &Context, serial: &str, reason: &str) -> anyhow::Result<u8> {
    let by = because(reason)?;
    let serial = context::serial(serial)?;
    let ledger = context.ledger().await?;
    let was_gone = ledger.device(&serial).await?.is_some_and(|record| record.gone_at.is_some());
    let answer = ledger.remove_device(&serial, &by).await?;
    let removed = Removed { serial, was_gone, answer };
    context.output.print(&removed, |removed, page| page.line(sentence(removed)))?;
    Ok(match removed.answer {
        RemoveAnswer::Removed => exit::OK,
        RemoveAnswer::ActiveJob { .. } => exit::SOME_NOT,
    })
}

fn sentence(Removed { serial, was_gone, answer }: &Removed) -> String {
    match answer {
        RemoveAnswer::Removed if *was_gone => {
            format!("{serial} was out of the inventory already; nothing was changed")
        }
        RemoveAnswer::Removed => {
            format!("{serial} is out of the inventory; its jobs and its trail stay")
        }
        RemoveAnswer::ActiveJob { job, state } => format!(
            "{serial} stays: job {job} is {state}; wait for it, or `panos-upgrade job cancel {job} --reason TEXT`"
        ),
    }
}
