//! What every command that needs a configuration gets: the configuration, the output, and the ways to
//! ledger, broker and devices.
//!
//! Promises: nothing is connected before a command asks for it, and a ledger that comes from here has the
//! schema that this program needs. Leaves to others: closing (the end of the process) and exit codes.

use std::path::Path;
use std::sync::Arc;

use common::config::{self, Config, LedgerUrl, LogFilter, Origin};
use common::domain::device::Serial;
use common::domain::job::JobId;
use common::engine::{Engine, EngineError};
use common::ledger::{DeviceRecord, JobView, Ledger, LedgerError};
use common::telemetry;
use tokio::sync::OnceCell;
use tracing::warn;
use worker::device::Connector;

use crate::failure::Failure;
use crate::output::Output;
use crate::progress;

/// What is logged unless `log.level` says otherwise: warnings, our own progress lines, and what a signal began.
/// The rest stands in the ledger and is asked for with commands. What lapin calls an error we tell in our own words.
const QUIET: &str = "warn,lapin=off,panos_upgrade=info,common::shutdown=info";

/// A configuration and where results go.
pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) output: Output,
    /// Whether a ledger that is not there is made.
    absent: Absent,
    /// Opened when it is first needed, and once.
    engine: OnceCell<Engine>,
    /// Sends the last spans when the command is over.
    _telemetry: telemetry::Guard,
}

/// What is done about a SQLite ledger that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    /// It is made: the command may be the first of an installation.
    Create,
    /// It is told: an empty ledger in place of a mistyped one would answer that there is nothing to see.
    Refuse,
}

impl Context {
    /// Reads the configuration and starts logging.
    pub(crate) fn new(file: Option<&Path>, output: Output, absent: Absent) -> anyhow::Result<Self> {
        let config = config::load(file, config::environment())?;
        let telemetry = telemetry::init_with_writer(&quieter(&config), "panos-upgrade", progress::log_lines);
        let telemetry = telemetry.of_command();
        for warning in config.warnings() {
            warn!("{warning}");
        }
        Ok(Self { config, output, absent, engine: OnceCell::new(), _telemetry: telemetry })
    }

    /// The ledger, with the schema of this program.
    pub(crate) async fn ledger(&self) -> anyhow::Result<Arc<dyn Ledger>> {
        Ok(self.engine().await?.ledger)
    }

    /// The ledger and its broker.
    pub(crate) async fn engine(&self) -> anyhow::Result<Engine> {
        let opened = async || -> anyhow::Result<Engine> {
            self.refuse_absent()?;
            let engine = open(&self.config).await?;
            engine.ledger.check().await?;
            Ok(engine)
        };
        Ok(self.engine.get_or_try_init(opened).await?.clone())
    }

    fn refuse_absent(&self) -> Result<(), Failure> {
        match (&self.config.ledger.url, self.absent) {
            (LedgerUrl::Sqlite(path), Absent::Refuse) if !path.exists() => {
                Err(Failure::usage(format!("there is no ledger at {} yet", path.display())).hint(
                    "`panos-upgrade device discover` or `panos-upgrade migrate` makes one; if there is one elsewhere, correct ledger.url",
                ))
            }
            (LedgerUrl::Sqlite(_) | LedgerUrl::Postgres(_), Absent::Create | Absent::Refuse) => Ok(()),
        }
    }

    /// The way to firewalls and Panorama.
    pub(crate) fn connector(&self) -> anyhow::Result<Connector> {
        Ok(Connector::new(&self.config)?)
    }
}

/// Opens ledger and broker; a file that is no ledger is named.
///
/// # Errors
/// As [`Engine::open`].
pub(crate) async fn open(config: &Config) -> anyhow::Result<Engine> {
    Engine::open(config).await.map_err(|error| match (&config.ledger.url, error) {
        (LedgerUrl::Sqlite(path), EngineError::Ledger(LedgerError::Store { reason, .. })) => {
            Failure::usage(format!("{} cannot be used as a ledger: {reason}", path.display()))
                .hint("check ledger.url: the file has to be one that this program made, or none yet")
                .into()
        }
        (_, error) => error.into(),
    })
}

/// The configuration with [`QUIET`] for a log level that nobody set.
fn quieter(config: &Config) -> Config {
    let mut config = config.clone();
    let is_default =
        config::show(&config).iter().any(|shown| shown.key == "log.level" && shown.origin == Origin::Default);
    if let Some(quiet) = LogFilter::parse(QUIET).filter(|_| is_default) {
        config.log.level = quiet;
    }
    config
}

/// A serial as an operator typed it.
///
/// # Errors
/// A [`Failure`] that says what a serial looks like.
pub(crate) fn serial(text: &str) -> anyhow::Result<Serial> {
    let parsed = Serial::parse(text);
    Ok(parsed.map_err(|error| {
        Failure::usage(error.to_string())
            .hint("`panos-upgrade device list` shows the serials of the inventory")
    })?)
}

/// A device of the inventory by the serial that an operator typed.
///
/// # Errors
/// A [`Failure`] that names the serial and how devices come into the inventory.
pub(crate) async fn known_device(ledger: &dyn Ledger, text: &str) -> anyhow::Result<DeviceRecord> {
    let serial = serial(text)?;
    let found = ledger.device(&serial).await?;
    Ok(found.ok_or(LedgerError::UnknownDevice { serial })?)
}

/// A job by its number.
///
/// # Errors
/// [`LedgerError::UnknownJob`].
pub(crate) async fn known_job(ledger: &dyn Ledger, id: i64) -> anyhow::Result<JobView> {
    let job = JobId(id);
    Ok(ledger.job(job).await?.ok_or(LedgerError::UnknownJob { job })?)
}
