//! `fleet resume`: the hold of the fleet or the pause of a part ends, and the jobs that waited are woken.

use common::broker::Control;
use common::domain::hold::{FleetHold, Pause, PauseScope};
use common::domain::job::Requester;
use common::engine::Engine;
use serde::Serialize;

use crate::alarms::part;
use crate::cli::PartArgs;
use crate::context::Context;
use crate::control;
use crate::exit;
use crate::output::{Page, time};
use crate::queue;
use crate::requester::because;

/// What ended.
#[derive(Serialize)]
struct Resumed<T> {
    ended: Option<T>,
}

/// Ends the hold or the pause, whoever began it.
pub(crate) async fn run(context: &Context, part: &PartArgs, reason: &str) -> anyhow::Result<u8> {
    let by = because(reason)?;
    let engine = context.engine().await?;
    match part.scope() {
        Some(scope) => resume_part(context, &engine, &scope, &by).await?,
        None => resume_all(context, &engine, &by).await?,
    }
    control::tell(&engine, &Control::Pauses).await;
    queue::publish(context, engine).await;
    Ok(exit::OK)
}

async fn resume_all(context: &Context, engine: &Engine, by: &Requester) -> anyhow::Result<()> {
    let ended = engine.ledger.resume(by).await?;
    context.output.print(&Resumed { ended }, |Resumed { ended }: &Resumed<FleetHold>, page: &mut Page| {
        page.line(match ended {
            Some(hold) => {
                format!(
                    "the hold of {} is over ({}); waiting jobs begin again",
                    time(hold.since),
                    hold.reason
                )
            }
            None => "nothing held the fleet".to_owned(),
        });
    })
}

async fn resume_part(
    context: &Context,
    engine: &Engine,
    scope: &PauseScope,
    by: &Requester,
) -> anyhow::Result<()> {
    let ended = engine.ledger.resume_part(scope, by).await?;
    context.output.print(&Resumed { ended }, |Resumed { ended }: &Resumed<Pause>, page: &mut Page| {
        page.line(match ended {
            Some(pause) => {
                format!("the pause of {} since {} is over ({})", part(scope), time(pause.since), pause.reason)
            }
            None => format!("nothing paused {}", part(scope)),
        });
    })
}
