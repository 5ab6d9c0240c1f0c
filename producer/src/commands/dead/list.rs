//! `dead list`: what died, and why.

use serde::Serialize;

use super::letters::{self, Letter};
use crate::context::Context;
use crate::exit;
use crate::output::{Page, Table, time};

/// Oldest first.
#[derive(Serialize)]
struct Listed {
    letters: Vec<Letter>,
    /// Not collected, because there is no more room in the ledger or the broker does not let us; unknown while it is away.
    left_at_broker: Option<u64>,
}

/// Collects, then lists.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    let engine = context.engine().await?;
    let left_at_broker = letters::collected(&engine).await;
    let listed = Listed { letters: letters::all(engine.ledger.as_ref()).await?, left_at_broker };
    context.output.print(&listed, page)?;
    let is_clean = listed.letters.is_empty() && listed.left_at_broker.unwrap_or(0) == 0;
    Ok(if is_clean { exit::OK } else { exit::SOME_NOT })
}

fn page(listed: &Listed, page: &mut Page) {
    let mut table = Table::new(["ID", "DIED", "BYTES", "JOB", "ROUTING KEY", "REASON"]);
    for letter in &listed.letters {
        table.row([
            letter.id.to_string(),
            time(letter.died_at),
            letter.size_bytes.to_string(),
            letter.job.map_or_else(|| "-".to_owned(), |job| job.to_string()),
            letter.routing_key.clone(),
            letter.reason.clone(),
        ]);
    }
    page.table(&table);
    if listed.letters.is_empty() {
        page.line("no dead letters");
    } else {
        page.line("`panos-upgrade dead show ID` shows one; requeue or drop them with --reason");
    }
    if let Some(n) = listed.left_at_broker.filter(|n| *n > 0) {
        page.line(format!("{n} more at the broker: drop some here to make room"));
    }
}
