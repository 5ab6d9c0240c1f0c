//! Watching without a terminal: a line, or a JSON object, whenever the counts change.

use std::time::Duration;

use common::ledger::{Ledger, StatusCounts};

use super::{Left, status};
use crate::context::Context;

/// Time between two looks: short for a person, nothing for the ledger.
const EVERY: Duration = Duration::from_secs(2);

/// Watches until no job waits or runs.
pub(super) async fn run(context: &Context, ledger: &dyn Ledger) -> anyhow::Result<Left> {
    let mut last: Option<StatusCounts> = None;
    loop {
        let counts = ledger.counts(None).await?;
        if status::n_active(&counts) == 0 {
            return Ok(Left::Idle);
        }
        if last.as_ref() != Some(&counts) {
            context.output.print_line(&counts, &status::one_line(&counts))?;
        }
        last = Some(counts);
        tokio::time::sleep(EVERY).await;
    }
}
