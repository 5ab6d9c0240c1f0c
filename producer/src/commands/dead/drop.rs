//! `dead drop`: letters that nobody needs any more.

use common::ledger::DeadEnd;
use common::report::Chain;
use serde::Serialize;

use super::letters::{self, Left};
use crate::cli::LettersArgs;
use crate::context::Context;
use crate::progress::Progress;
use crate::requester::because;

/// What went, and what did not.
#[derive(Default, Serialize)]
struct Dropped {
    dropped: Vec<i64>,
    left: Vec<Left>,
}

/// Deletes letters; what each was stays in the audit trail.
pub(crate) async fn run(context: &Context, letters: &LettersArgs) -> anyhow::Result<u8> {
    let by = because(&letters.reason)?;
    let ledger = context.ledger().await?;
    let ids = letters::chosen(ledger.as_ref(), letters).await?;
    let (mut done, progress) = (Dropped::default(), Progress::of(ids.len(), "dropping"));
    for id in ids {
        match ledger.end_dead(id, DeadEnd::Dropped, &by).await {
            Ok(()) => done.dropped.push(id),
            Err(error) => done.left.push(Left { id, reason: Chain(&error).to_string() }),
        }
        progress.add(1);
    }
    drop(progress);
    letters::told(context, &done, "dropped", done.dropped.len(), &done.left)
}
