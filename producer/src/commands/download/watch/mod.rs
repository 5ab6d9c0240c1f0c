//! `download status --watch`: the same, again and again until nothing is active.
//!
//! On a terminal it is a full screen ([`screen`]), elsewhere and as JSON a line whenever the counts change
//! ([`lines`]). The whole status, with remedies, comes last and stays.
//!
//! | file | holds |
//! |---|---|
//! | `look` | what is read at one moment, and again each second |
//! | `model` | what the screen shows and which keys change it |
//! | `draw` | the picture, as a function of the model alone |
//! | `screen` | the terminal: taken, given back on every way out |
//! | `lines` | without a terminal |

mod draw;
mod lines;
mod look;
mod model;
mod screen;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal};

use super::status;
use crate::cli::Format;
use crate::context::Context;
use crate::exit;
use crate::output::note;

/// Why the watching ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// No job waits or runs.
    Idle,
    /// The operator has seen enough.
    Asked,
    /// A signal, or a terminal that is gone.
    Interrupted,
}

/// Watches until no job waits or runs.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    let ledger = context.ledger().await?;
    let is_screen =
        context.output.format() == Format::Table && io::stdin().is_terminal() && io::stdout().is_terminal();
    let left = if is_screen {
        screen::run(ledger.as_ref()).await?
    } else {
        lines::run(context, ledger.as_ref()).await?
    };
    if left == Left::Interrupted {
        note("interrupted: the jobs go on; `panos-upgrade download status` shows where they are");
        return Ok(exit::INTERRUPTED);
    }
    let fleet = status::fleet(ledger.as_ref()).await?;
    match context.output.format() {
        Format::Json => context.output.print_line(&fleet, "")?,
        Format::Table => context.output.print(&fleet, status::page)?,
    }
    // Who leaves early gets the code of `download status`: failures are final only in the end.
    let is_clean = left == Left::Asked || fleet.counts.failures.is_empty();
    Ok(if is_clean { fleet.code() } else { exit::SOME_NOT })
}
