//! `fleet resume`: the hold ends, and the jobs that waited are woken.

use common::domain::hold::FleetHold;
use serde::Serialize;

use crate::context::Context;
use crate::exit;
use crate::output::{Page, time};
use crate::queue;
use crate::requester::because;

/// The hold that ended.
#[derive(Serialize)]
struct Resumed {
    ended: Option<FleetHold>,
}

/// Ends the hold, whoever began it.
pub(crate) async fn run(context: &Context, reason: &str) -> anyhow::Result<u8> {
    let by = because(reason)?;
    let engine = context.engine().await?;
    let ended = engine.ledger.resume(&by).await?;
    queue::publish(context, engine).await;
    context.output.print(&Resumed { ended }, page)?;
    Ok(exit::OK)
}

fn page(Resumed { ended }: &Resumed, page: &mut Page) {
    page.line(match ended {
        Some(hold) => {
            format!("the hold of {} is over ({}); waiting jobs begin again", time(hold.since), hold.reason)
        }
        None => "nothing held the fleet".to_owned(),
    });
}
