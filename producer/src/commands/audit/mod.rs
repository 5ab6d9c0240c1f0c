//! `audit …`: the trail, read in pages, so that memory stays flat however long it is.

mod anchor;
mod anchors;
mod export;
mod list;
pub(crate) mod pages;
mod verify;

use crate::cli::AuditCommand;
use crate::context::Context;

/// Runs one of them.
pub(crate) async fn run(context: &Context, command: AuditCommand) -> anyhow::Result<u8> {
    match command {
        AuditCommand::List { device, job } => list::run(context, device, job).await,
        AuditCommand::Verify { anchors } => verify::run(context, anchors.as_deref()).await,
        AuditCommand::Export { device } => export::run(context, device).await,
        AuditCommand::Anchor => anchor::run(context).await,
        AuditCommand::Anchors => anchors::run(context).await,
    }
}
