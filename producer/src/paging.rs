//! Whatever the ledger answers in pages, one page after the other.

use common::ledger::LedgerError;

/// Asks for the page after the last row of the one before, and hands each to `take`, until one is empty. `place` is where
/// a row stands, for the next question.
///
/// # Errors
/// The ledger's, and what `take` answers.
pub(crate) async fn each<T, P: Clone>(
    begin: P,
    place: impl Fn(&T) -> P,
    ask: impl AsyncFn(P) -> Result<Vec<T>, LedgerError>,
    mut take: impl FnMut(Vec<T>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after = begin;
    loop {
        let page = ask(after.clone()).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = place(last);
        take(page)?;
    }
}
