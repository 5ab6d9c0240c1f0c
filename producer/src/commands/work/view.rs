//! What a worker is doing, read from the ledger: a bar over the fleet and the devices in hand.
//!
//! Promises: a ledger that does not answer costs one picture, never the run. On a terminal the picture is
//! redrawn in place; elsewhere there is a log line now and then. Jobs of other workers are shown as well:
//! the ledger is one.

use std::collections::HashMap;
use std::time::Duration;

use common::domain::job::{JobId, JobState};
use common::ledger::{JobFilter, JobView, Ledger, LedgerError, StatusCounts};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use crate::commands::download::status;
use crate::output::plain;
use crate::progress::{LINE_EVERY, bar_style, is_terminal};

/// Time between two pictures.
const EVERY: Duration = Duration::from_millis(500);

/// Devices shown at once: what fits beside a prompt.
const SHOWN: u32 = 8;

/// Longest message shown, in characters; a bar has one line.
const MESSAGE_CHARS: usize = 60;

/// The picture.
pub(super) struct View<'a> {
    ledger: &'a dyn Ledger,
    bars: MultiProgress,
    fleet: ProgressBar,
    devices: HashMap<JobId, ProgressBar>,
    told: Instant,
}

impl<'a> View<'a> {
    pub(super) fn new(ledger: &'a dyn Ledger) -> Self {
        let bars = MultiProgress::new();
        let fleet = bars.add(ProgressBar::new(0).with_style(bar_style()));
        Self { ledger, bars, fleet, devices: HashMap::new(), told: Instant::now() }
    }

    /// Draws until `end`, and leaves the terminal as it was.
    pub(super) async fn run(mut self, end: &CancellationToken) {
        loop {
            match self.look().await {
                Ok((counts, running)) if is_terminal() => self.draw(&counts, &running),
                Ok((counts, _)) => self.tell(&counts),
                Err(error) => debug!("no picture of the run: {error}"),
            }
            tokio::select! {
                () = end.cancelled() => break,
                () = sleep(EVERY) => {}
            }
        }
        for bar in self.devices.values().chain([&self.fleet]) {
            bar.finish_and_clear();
        }
    }

    async fn look(&self) -> Result<(StatusCounts, Vec<JobView>), LedgerError> {
        let running = JobFilter { states: vec![JobState::Running], ..JobFilter::default() };
        Ok((self.ledger.counts(None).await?, self.ledger.jobs(&running, SHOWN).await?))
    }

    fn draw(&mut self, counts: &StatusCounts, running: &[JobView]) {
        self.fleet.set_length(counts.total);
        self.fleet.set_position(counts.total - status::n_active(counts).min(counts.total));
        self.fleet.set_message(status::one_line(counts));
        let gone: Vec<JobId> =
            self.devices.keys().filter(|id| !running.iter().any(|job| job.id == **id)).copied().collect();
        for bar in gone.iter().filter_map(|id| self.devices.remove(id)) {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
        for job in running {
            let bar = self.devices.entry(job.id).or_insert_with(|| self.bars.add(device_bar()));
            bar.set_position(u64::from(job.progress));
            bar.set_message(label(job));
        }
    }

    fn tell(&mut self, counts: &StatusCounts) {
        if self.told.elapsed() >= LINE_EVERY {
            self.told = Instant::now();
            info!("{}", status::one_line(counts));
        }
    }
}

fn device_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("  [{bar:20}] {pos:>3} %  {msg}");
    let style = style.map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("=> "));
    ProgressBar::new(100).with_style(style)
}

/// `edge-1 (0079…): downloading 11.1.4-h7`, on one line.
fn label(job: &JobView) -> String {
    let name = if job.hostname.is_empty() {
        job.serial.to_string()
    } else {
        format!("{} ({})", job.hostname, job.serial)
    };
    let text = plain(&format!("{name}: {}", job.message));
    text.chars().take(MESSAGE_CHARS + name.chars().count()).collect()
}
