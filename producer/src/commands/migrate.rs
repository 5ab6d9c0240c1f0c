//! `migrate`: the ledger's schema, brought up to date.

use serde::Serialize;

use crate::context::{self, Context};
use crate::exit;

/// What was applied.
#[derive(Serialize)]
struct Migrated {
    ledger: String,
    applied: Vec<String>,
}

/// Applies what is missing. A SQLite ledger does so at every opening, so that nothing is left for here.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    // Not through the context: that one asks for a schema that is up to date already.
    let ledger = context::open(&context.config).await?.ledger;
    let applied = ledger.migrate().await?;
    let migrated = Migrated { ledger: ledger.location(), applied };
    context.output.print(&migrated, |migrated, page| {
        if migrated.applied.is_empty() {
            page.line(format!("{}: up to date", migrated.ledger));
        }
        for step in &migrated.applied {
            page.line(format!("{}: applied {step}", migrated.ledger));
        }
    })?;
    Ok(exit::OK)
}
