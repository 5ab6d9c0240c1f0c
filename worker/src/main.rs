//! `panos-upgrade-worker`: the daemon for pods. Parses, checks, runs, and leaves when it is told to.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use common::config::{self, Config};
use common::engine::Engine;
use common::report::Chain;
use common::shutdown::Shutdown;
use common::telemetry;
use tracing::{error, warn};
use worker::{App, SetupError, Until};

/// Wrong usage or configuration.
const EXIT_USAGE: u8 = 2;

/// Ledger or broker cannot be used.
const EXIT_NOT_REACHABLE: u8 = 3;

/// Performs download jobs until it is told to stop.
///
/// First SIGTERM or SIGINT: takes nothing new, hands its leases back, ends within the grace time; downloads go on
/// on the firewalls and the next worker takes them over. Second signal: leaves now.
#[derive(Parser)]
#[command(
    name = "panos-upgrade-worker",
    version,
    after_help = "Example:\n  PANOS_UPGRADE__LEDGER__URL=postgres://panos@db/panos \\\n  PANOS_UPGRADE__BROKER__URL=amqp://panos@mq \\\n  PANOS_UPGRADE__FIREWALL__API_KEY_FILE=/run/secrets/key panos-upgrade-worker"
)]
struct Cli {
    /// Configuration file [default: panos-upgrade/config.toml in the platform's configuration directory]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Time that is left after the end to what still hangs: a disk that does not answer keeps its thread for ever.
const HANGS_AT_MOST: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&error);
            return ExitCode::from(EXIT_NOT_REACHABLE);
        }
    };
    let code = runtime.block_on(work(cli));
    runtime.shutdown_timeout(HANGS_AT_MOST);
    code
}

async fn work(cli: Cli) -> ExitCode {
    // First of all: a pod that is told to stop while it starts leaves as cleanly as any other.
    let stop = Shutdown::new();
    if let Err(error) = stop.listen_for_signals() {
        complain(&error);
        return ExitCode::from(EXIT_NOT_REACHABLE);
    }
    let config = match config::load(cli.config.as_deref(), config::environment()) {
        Ok(config) => config,
        Err(error) => {
            complain(&error);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let _telemetry = telemetry::init(&config, "panos-upgrade-worker");
    for warning in config.warnings() {
        warn!("{warning}");
    }
    match run(&config, &stop).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!("the worker cannot run: {}", Chain(error.as_ref()));
            ExitCode::from(code_of(error.as_ref()))
        }
    }
}

/// A configuration that cannot work is not a server that is away: starting again would not help.
fn code_of(error: &(dyn std::error::Error + 'static)) -> u8 {
    match error.downcast_ref() {
        Some(SetupError::Connector(_) | SetupError::NotPerformed { .. } | SetupError::Listen(_)) => {
            EXIT_USAGE
        }
        Some(SetupError::Ledger(_) | SetupError::Broker(_)) | None => EXIT_NOT_REACHABLE,
    }
}

/// Says what is wrong before there is a configuration that says how to log.
#[expect(clippy::print_stderr, reason = "logging is not set up yet")]
fn complain(error: &dyn std::error::Error) {
    eprintln!("{}", Chain(error));
}

async fn run(config: &Config, stop: &Shutdown) -> Result<(), Box<dyn std::error::Error>> {
    let Some(engine) = stop.unless_draining(Engine::open(config)).await else { return Ok(()) };
    App::new(engine?, config, stop)?.run(Until::Stopped).await?;
    Ok(())
}
