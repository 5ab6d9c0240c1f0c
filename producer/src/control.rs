//! Tells workers to look at the ledger now.
//!
//! Promises: never an error and never long. What is told stands in the ledger, where every worker finds it with its
//! next beat; telling saves the time until then.

use std::time::Duration;

use common::broker::Control;
use common::engine::Engine;
use common::report::Chain;

use crate::output::note;

/// Longest time that telling may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Tells all workers that listen.
pub(crate) async fn tell(engine: &Engine, control: &Control) {
    let left = match tokio::time::timeout(WITHIN, engine.broker.tell(control)).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => Chain(&error).to_string(),
        Err(_) => format!("no answer within {WITHIN:?}"),
    };
    note(&format!(
        "note: workers were not told at once ({left}); they find it in the ledger with their next beat"
    ));
}
