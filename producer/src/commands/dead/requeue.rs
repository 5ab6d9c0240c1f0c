//! `dead requeue`: letters go to the workers once more, as they came.

use common::domain::job::Requester;
use common::engine::Engine;
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
struct Requeued {
    requeued: Vec<i64>,
    left: Vec<Left>,
}

/// Publishes first and forgets then: a crash in between sends a letter twice, which does no harm, and never loses one.
pub(crate) async fn run(context: &Context, letters: &LettersArgs) -> anyhow::Result<u8> {
    let by = because(&letters.reason)?;
    let engine = context.engine().await?;
    let ids = letters::chosen(engine.ledger.as_ref(), letters).await?;
    let (mut done, progress) = (Requeued::default(), Progress::of(ids.len(), "requeueing"));
    for id in ids {
        match requeue(&engine, id, &by).await {
            Ok(()) => done.requeued.push(id),
            Err(reason) => done.left.push(Left { id, reason }),
        }
        progress.add(1);
    }
    drop(progress);
    letters::told(context, &done, "requeued", done.requeued.len(), &done.left)
}

async fn requeue(engine: &Engine, id: i64, by: &Requester) -> Result<(), String> {
    let letter = engine.ledger.dead_letter(id).await.map_err(|error| Chain(&error).to_string())?;
    if u64::try_from(letter.body.len()).unwrap_or(u64::MAX) < letter.size_bytes {
        return Err(format!(
            "only the first {} of its {} bytes were kept",
            letter.body.len(),
            letter.size_bytes
        ));
    }
    engine.broker.requeue(&letter).await.map_err(|error| Chain(&error).to_string())?;
    engine.ledger.end_dead(id, DeadEnd::Requeued, by).await.map_err(|error| Chain(&error).to_string())
}
