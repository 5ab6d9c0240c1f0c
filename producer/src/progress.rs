//! How far a command is: a bar on a terminal, a log line now and then elsewhere. Always on stderr.
//!
//! Promises: bars, log lines and notes share the terminal: a line that is written while bars are drawn stands above
//! them, and one that is written while a full screen is shown waits until that is gone. Leaves to others: results (a
//! bar is gone when its command prints), the full screen itself.

use std::io::{self, IsTerminal, Write};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tracing::info;

/// Time between two lines where there is no terminal.
pub(crate) const LINE_EVERY: Duration = Duration::from_secs(10);

/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(120);

/// What is kept of the lines that wait for the end of a full screen, in bytes: the first ones, which say how it began.
const MOST_HELD: usize = 64 << 10;

/// Every bar of this process, so that a line can step in front of them all.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Lines that wait for the end of a full screen; `None` while there is none.
static HELD: Mutex<Option<Held>> = Mutex::new(None);

/// Lines that wait.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    n_lost: usize,
}

/// The bars of this process.
pub(crate) fn bars() -> MultiProgress {
    BARS.clone()
}

/// Where log lines go: stderr, beside whatever is drawn there.
pub(crate) fn log_lines() -> LogLines {
    LogLines
}

/// See [`log_lines`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogLines;

impl Write for LogLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        aside(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Writes whole lines to stderr beside whatever is drawn.
pub(crate) fn aside(lines: &[u8]) -> io::Result<()> {
    match held().as_mut() {
        Some(held) if held.bytes.len() + lines.len() <= MOST_HELD => held.bytes.extend_from_slice(lines),
        Some(held) => held.n_lost += 1,
        None => return BARS.suspend(|| io::stderr().write_all(lines)),
    }
    Ok(())
}

/// Keeps lines back until [`release`]: something has the whole terminal.
pub(crate) fn hold() {
    held().get_or_insert_default();
}

/// Writes the lines that were kept back, and lets others through from now on.
pub(crate) fn release() {
    let Some(Held { bytes, n_lost }) = held().take() else { return };
    // Nothing can be told about a stderr that takes no lines.
    let _ = io::stderr().write_all(&bytes);
    if n_lost > 0 {
        let _ = writeln!(io::stderr(), "note: {n_lost} more log lines were left out");
    }
}

/// How many lines wait.
pub(crate) fn n_held() -> usize {
    held().as_ref().map_or(0, |held| held.bytes.iter().filter(|byte| **byte == b'\n').count() + held.n_lost)
}

fn held() -> MutexGuard<'static, Option<Held>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

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
        let bar = Self::begin(ProgressBar::new(n).with_style(style), label);
        bar.bar.set_length(n);
        bar
    }

    /// Something of which only the end is known when it is there.
    pub(crate) fn waiting(label: &'static str) -> Self {
        let begun = Self::begin(ProgressBar::new_spinner(), label);
        begun.bar.enable_steady_tick(TICK);
        begun
    }

    fn begin(bar: ProgressBar, label: &'static str) -> Self {
        let bar = if is_terminal() { BARS.add(bar) } else { ProgressBar::hidden() };
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
        BARS.remove(&self.bar);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_wait_while_a_screen_is_shown_and_a_flood_of_them_is_bounded() {
        hold();
        aside(b"first\n").unwrap();
        log_lines().write_all(&[b'x'; MOST_HELD]).unwrap();
        aside(b"last\n").unwrap();
        assert_eq!(held().as_ref().map(|held| (held.bytes.clone(), held.n_lost)).unwrap().1, 1);
        assert!(held().as_ref().unwrap().bytes.starts_with(b"first\nlast\n"));
        release();
        assert_eq!(n_held(), 0);
    }
}
