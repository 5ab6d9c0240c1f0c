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
    #[serde(flatten)]
    answer: RemoveAnswer,
}

/// Marks a device as gone, unless a job holds it.
pub(crate) async fn run(context: &Context, serial: &str, reason: &str) -> anyhow::Result<u8> {
    let by = because(reason)?;
    let serial = context::serial(serial)?;
    let answer = context.ledger().await?.remove_device(&serial, &by).await?;
    let removed = Removed { serial, answer };
    context.output.print(&removed, |removed, page| page.line(sentence(removed)))?;
    Ok(match removed.answer {
        RemoveAnswer::Removed => exit::OK,
        RemoveAnswer::ActiveJob { .. } => exit::SOME_NOT,
    })
}

fn sentence(Removed { serial, answer }: &Removed) -> String {
    match answer {
        RemoveAnswer::Removed => {
            format!("{serial} is out of the inventory; its jobs and its trail stay")
        }
        RemoveAnswer::ActiveJob { job, state } => format!(
            "{serial} stays: job {job} is {state}; wait for it, or `panos-upgrade job cancel {job} --reason TEXT`"
        ),
    }
}
