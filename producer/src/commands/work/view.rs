//! What a worker is doing, read from the ledger: a bar over the fleet and the devices in hand.
//!
//! Promises: a ledger that does not answer costs one picture, never the run. On a terminal the picture is
//! redrawn in place; elsewhere there is a log line now and then. Jobs of other workers are shown as well:
//! the ledger is one.

use std::collections::HashMap;
use std::time::Duration;

use common::domain::hold::FleetHold;
use common::domain::job::{JobId, JobState};
use common::ledger::{JobFilter, JobView, Ledger, LedgerError, StatusCounts};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use crate::commands::download::status;
use crate::output::plain;
use crate::progress::{self, LINE_EVERY, bar_style, is_terminal};

/// Time between two pictures.
const EVERY: Duration = Duration::from_millis(500);

/// Devices shown at once: what fits beside a prompt.
const SHOWN: u32 = 8;

/// Longest message shown, in characters; a bar has one line.
const MESSAGE_CHARS: usize = 60;

/// Waiting jobs that are looked at for the next due time. Only read while nothing runs.
const WAITING: u32 = 10_000;

/// The picture.
pub(super) struct View<'a> {
    ledger: &'a dyn Ledger,
    bars: MultiProgress,
    fleet: ProgressBar,
    devices: HashMap<JobId, ProgressBar>,
    told: Instant,
}

/// What is seen at one moment.
struct Seen {
    counts: StatusCounts,
    running: Vec<JobView>,
    /// When the next waiting job is due, where everything waits.
    next_due: Option<Timestamp>,
    /// Why nothing new begins.
    hold: Option<FleetHold>,
}

impl<'a> View<'a> {
    pub(super) fn new(ledger: &'a dyn Ledger) -> Self {
        let bars = progress::bars();
        let fleet = bars.add(ProgressBar::new(0).with_style(bar_style()));
        Self { ledger, bars, fleet, devices: HashMap::new(), told: Instant::now() }
    }

    /// Draws until `end`, and leaves the terminal as it was.
    pub(super) async fn run(mut self, end: &CancellationToken) {
        loop {
            match self.look().await {
                Ok(seen) if is_terminal() => self.draw(&seen),
                Ok(seen) => self.tell(&seen),
                Err(error) => debug!("no picture of the run: {error}"),
            }
            tokio::select! {
                () = end.cancelled() => break,
                () = sleep(EVERY) => {}
            }
        }
        for bar in self.devices.values().chain([&self.fleet]) {
            bar.finish_and_clear();
            self.bars.remove(bar);
        }
    }

    async fn look(&self) -> Result<Seen, LedgerError> {
        let counts = self.ledger.counts(None).await?;
        let running = self.in_state(JobState::Running, SHOWN).await?;
        let all_wait = status::n_active(&counts) == status::n_in(&counts, JobState::Scheduled);
        let waiting = if all_wait { self.in_state(JobState::Scheduled, WAITING).await? } else { Vec::new() };
        let next_due = waiting.iter().map(|job| job.due_at).min();
        Ok(Seen { counts, running, next_due, hold: self.ledger.hold().await? })
    }

    async fn in_state(&self, state: JobState, limit: u32) -> Result<Vec<JobView>, LedgerError> {
        let filter = JobFilter { states: vec![state], ..JobFilter::default() };
        self.ledger.jobs(&filter, limit).await
    }

    fn draw(&mut self, seen: &Seen) {
        let n_active = status::n_active(&seen.counts);
        self.fleet.set_length(seen.counts.total);
        self.fleet.set_position(seen.counts.total.saturating_sub(n_active));
        self.fleet.set_message(seen.line());
        let gone: Vec<JobId> = self
            .devices
            .keys()
            .filter(|id| !seen.running.iter().any(|job| job.id == **id))
            .copied()
            .collect();
        for bar in gone.iter().filter_map(|id| self.devices.remove(id)) {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
        for job in &seen.running {
            let bar = self.devices.entry(job.id).or_insert_with(|| self.bars.add(device_bar()));
            bar.set_position(u64::from(job.progress));
            bar.set_message(label(job));
        }
    }

    fn tell(&mut self, seen: &Seen) {
        if self.told.elapsed() >= LINE_EVERY {
            self.told = Instant::now();
            info!("{}", seen.line());
        }
    }
}

impl Seen {
    /// `2 scheduled, 50 completed; next attempt in 40 s`.
    fn line(&self) -> String {
        let counts = status::one_line(&self.counts);
        if let Some(hold) = &self.hold {
            return format!(
                "{counts}; THE FLEET IS HELD ({}): `panos-upgrade fleet resume --reason TEXT`",
                plain(&hold.reason)
            );
        }
        match self.next_due {
            // By our clock, the ledger's may differ: this is for people and decides nothing.
            Some(due) => {
                let wait_s = due.as_second().saturating_sub(Timestamp::now().as_second()).max(0);
                format!("{counts}; next attempt in {wait_s} s")
            }
            None => counts,
        }
    }
}

fn device_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("  [{bar:20}] {pos:>3} %  {wide_msg}");
    let style = style.map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("=> "));
    ProgressBar::new(100).with_style(style)
}

/// `edge-1: downloading 11.1.4-h7`, on one line.
fn label(job: &JobView) -> String {
    let name = if job.hostname.is_empty() { job.serial.as_str() } else { &job.hostname };
    plain(&format!("{name}: {}", job.message)).chars().take(MESSAGE_CHARS).collect()
}
