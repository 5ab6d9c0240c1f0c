//! What the `dead` commands share: collecting from the broker, the letter as JSON, and one after the other.

use std::time::Duration;

use common::domain::job::JobId;
use common::engine::Engine;
use common::ledger::{DeadLetter, Ledger};
use common::report::Chain;
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::LettersArgs;
use crate::context::Context;
use crate::exit;
use crate::output::{Page, counted, note};
use crate::paging;

/// Letters per page.
const PAGE: u32 = 200;

/// Longest time for a look at what the broker still has.
const DEPTH_WITHIN: Duration = Duration::from_secs(10);

/// A letter without its bytes. Names of fields are interface.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Letter {
    pub(super) id: i64,
    pub(super) message_id: String,
    pub(super) routing_key: String,
    pub(super) size_bytes: u64,
    pub(super) reason: String,
    pub(super) died_at: Timestamp,
    pub(super) collected_at: Timestamp,
    /// The job that it names, where it can be read.
    pub(super) job: Option<JobId>,
}

impl From<&DeadLetter> for Letter {
    fn from(letter: &DeadLetter) -> Self {
        Self {
            id: letter.id,
            message_id: letter.message_id.clone(),
            routing_key: letter.routing_key.clone(),
            size_bytes: letter.size_bytes,
            reason: letter.reason.clone(),
            died_at: letter.died_at,
            collected_at: letter.collected_at,
            job: letter.job,
        }
    }
}

/// Brings what the broker has into the ledger, as every worker does from time to time. A broker that is away, or does
/// not let this user, costs a note: the ledger's letters are there all the same. Answers how many stay at the broker.
pub(super) async fn collected(engine: &Engine) -> Option<u64> {
    if let Err(error) = worker::collector::collect(engine).await {
        note(&format!("note: not collected from the broker: {}; a worker will", Chain(&error)));
    }
    let left = tokio::time::timeout(DEPTH_WITHIN, engine.broker.dead_depth()).await;
    left.ok().and_then(Result::ok)
}

/// All letters, or their numbers' worth: nothing of their bytes stays in memory.
pub(super) async fn all(ledger: &dyn Ledger) -> anyhow::Result<Vec<Letter>> {
    let mut letters = Vec::new();
    let ask = async |after| ledger.dead_letters(after, PAGE).await;
    let take = |page: Vec<DeadLetter>| {
        letters.extend(page.iter().map(Letter::from));
        Ok(())
    };
    paging::each(None, |letter| Some(letter.id), ask, take).await?;
    Ok(letters)
}

/// The numbers that a command is about.
pub(super) async fn chosen(ledger: &dyn Ledger, letters: &LettersArgs) -> anyhow::Result<Vec<i64>> {
    if !letters.all {
        return Ok(letters.ids.clone());
    }
    Ok(all(ledger).await?.into_iter().map(|letter| letter.id).collect())
}

/// A letter that stays, and why.
#[derive(Debug, Serialize)]
pub(super) struct Left {
    pub(super) id: i64,
    pub(super) reason: String,
}

/// Tells what was done, `done` being its word, and what not; answers the exit code.
pub(super) fn told<T: Serialize>(
    context: &Context,
    data: &T,
    done: &str,
    n_done: usize,
    left: &[Left],
) -> anyhow::Result<u8> {
    context.output.print(data, |_, page: &mut Page| {
        page.line(format!("{} {done}", counted(n_done, "dead letter")));
        for Left { id, reason } in left {
            page.line(format!("{id} stays: {reason}"));
        }
    })?;
    Ok(if left.is_empty() { exit::OK } else { exit::SOME_NOT })
}
