//! `download status --watch`: the same, again and again until nothing is active.
//!
//! On a terminal the counts are redrawn in place, in a picture that fits a small one: what scrolled away
//! cannot be drawn over. Elsewhere, and as JSON, a line is printed whenever they change. The whole status,
//! with remedies, comes last.

use std::io::{self, IsTerminal};
use std::time::Duration;

use common::ledger::StatusCounts;

use super::status;
use crate::cli::Format;
use crate::context::Context;
use crate::exit;
use crate::output::{Page, Table};

/// Time between two looks: short for a person, nothing for the ledger.
const EVERY: Duration = Duration::from_secs(2);

/// Kinds of failure in the picture: with the states they fit 24 lines.
const KINDS: usize = 8;

/// Watches until no job waits or runs.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let mut last: Option<StatusCounts> = None;
    let mut drawn_lines = 0;
    loop {
        let counts = ledger.counts(None).await?;
        let active = status::n_active(&counts);
        if last.as_ref() != Some(&counts) && active > 0 {
            drawn_lines = show(context, &counts, drawn_lines)?;
        }
        last = Some(counts);
        if active == 0 {
            break;
        }
        tokio::time::sleep(EVERY).await;
    }
    let fleet = status::fleet(ledger.as_ref()).await?;
    erase(context, drawn_lines)?;
    match context.output.format() {
        Format::Json => context.output.print_line(&fleet, "")?,
        Format::Table => context.output.print(&fleet, status::page)?,
    }
    Ok(if fleet.counts.failures.is_empty() { fleet.code() } else { exit::SOME_NOT })
}

/// Shows counts that changed; answers how many lines there are to draw over.
fn show(context: &Context, counts: &StatusCounts, drawn_lines: usize) -> anyhow::Result<usize> {
    if context.output.format() == Format::Json || !io::stdout().is_terminal() {
        context.output.print_line(counts, &status::one_line(counts))?;
        return Ok(0);
    }
    erase(context, drawn_lines)?;
    let mut page = Page::default();
    picture(counts, &mut page);
    let text = page.render();
    context.output.write(&text)?;
    Ok(text.lines().count())
}

/// The counts, without what to do about them.
fn picture(counts: &StatusCounts, page: &mut Page) {
    status::states(counts, page);
    let mut failures = Table::new(["FAILURE", "DEVICES"]);
    for failure in counts.failures.iter().take(KINDS) {
        failures.row([failure.kind.to_string(), failure.count.to_string()]);
    }
    if !failures.is_empty() {
        page.gap();
        page.table(&failures);
    }
    if counts.failures.len() > KINDS {
        page.line(format!("and {} more kinds of failure", counts.failures.len() - KINDS));
    }
}

/// Moves up over what was drawn and clears from there (ECMA-48: CUU, ED).
fn erase(context: &Context, lines: usize) -> anyhow::Result<()> {
    if lines == 0 { Ok(()) } else { context.output.write(&format!("\u{1b}[{lines}A\u{1b}[J")) }
}
