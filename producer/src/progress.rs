//! How far a command is: a bar on a terminal, a log line now and then elsewhere. Always on stderr.
//!
//! Leaves to others: results (a bar is gone when its command prints).

use std::io::{self, IsTerminal};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tracing::info;

/// Time between two lines where there is no terminal.
pub(crate) const LINE_EVERY: Duration = Duration::from_secs(10);

/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(120);

/// How far one command is.
pub(crate) struct Progress {
    bar: ProgressBar,
    label: &'static str,
    /// When the last line was written; unused on a terminal.
    told: Mutex<Instant>,
}

impl Progress {
    /// Something of known length.
    pub(crate) fn of(n: usize, label: &'static str) -> Self {
        Self::measured(n as u64, label, bar_style())
    }

    /// So many bytes.
    pub(crate) fn of_bytes(n: u64, label: &'static str) -> Self {
        Self::measured(n, label, bytes_style())
    }

    fn measured(n: u64, label: &'static str, style: ProgressStyle) -> Self {
        let bar = if is_terminal() { ProgressBar::new(n).with_style(style) } else { ProgressBar::hidden() };
        bar.set_length(n);
        Self::begin(bar, label)
    }

    /// Something of which only the end is known when it is there.
    pub(crate) fn waiting(label: &'static str) -> Self {
        let bar = if is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        bar.enable_steady_tick(TICK);
        Self::begin(bar, label)
    }

    fn begin(bar: ProgressBar, label: &'static str) -> Self {
        bar.set_message(label);
        Self { bar, label, told: Mutex::new(Instant::now()) }
    }

    /// `n` more are done.
    pub(crate) fn add(&self, n: usize) {
        self.bar.inc(n as u64);
        if !is_terminal()
            && let Ok(mut told) = self.told.lock()
            && told.elapsed() >= LINE_EVERY
        {
            *told = Instant::now();
            info!("{}: {} of {}", self.label, self.bar.position(), self.bar.length().unwrap_or_default());
        }
    }
}

impl Drop for Progress {
    /// Leaves the terminal as it was, also when the command ends with an error.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Whether a person watches.
pub(crate) fn is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// The same in bytes.
fn bytes_style() -> ProgressStyle {
    let with_template = ProgressStyle::with_template("{msg}  [{wide_bar}] {bytes}/{total_bytes}  {elapsed}");
    with_template.map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("=> "))
}

/// `queueing  [=====>    ] 1200/5000  3s`, as wide as the terminal, so that a long message still has one line.
pub(crate) fn bar_style() -> ProgressStyle {
    let with_template = ProgressStyle::with_template("{msg}  [{wide_bar}] {pos}/{len}  {elapsed}");
    with_template.map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("=> "))
}
