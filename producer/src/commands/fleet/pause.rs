//! `fleet pause`: no new attempt begins, anywhere or in one part.

use common::broker::Control;
use common::domain::hold::PauseScope;
use common::domain::job::Requester;

use crate::alarms;
use crate::cli::PartArgs;
use crate::context::Context;
use crate::control;
use crate::exit;
use crate::output::note;
use crate::requester::because;

/// Holds the fleet, or pauses a part of it; what is in force already stays as it is.
pub(crate) async fn run(context: &Context, part: &PartArgs, reason: &str) -> anyhow::Result<u8> {
    let by = because(reason)?;
    match part.scope() {
        Some(scope) => pause(context, &scope, &by).await?,
        None => hold(context, &by).await?,
    }
    control::tell(&context.engine().await?, &Control::Pauses).await;
    Ok(exit::OK)
}

async fn hold(context: &Context, by: &Requester) -> anyhow::Result<()> {
    let hold = context.ledger().await?.pause(by).await?;
    if hold.by.as_ref() != Some(by) {
        note("note: the fleet was held already; that hold stays, with its reason");
    }
    context.output.print(&hold, alarms::hold)
}

async fn pause(context: &Context, scope: &PauseScope, by: &Requester) -> anyhow::Result<()> {
    let pause = context.ledger().await?.pause_part(scope, by).await?;
    if pause.by != *by {
        note("note: it was paused already; that pause stays, with its reason");
    }
    context.output.print(&pause, alarms::pause)
}
