//! `panos-upgrade-dashboard`: the daemon. Parses, checks, serves, and leaves when it is told to.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use common::config::{self, Config};
use common::engine::Engine;
use common::report::Chain;
use common::shutdown::Shutdown;
use common::telemetry;
use dashboard::{Server, ServerError};
use sd_notify::NotifyState;
use tracing::{debug, error, info, warn};

/// Wrong usage or configuration, an address that cannot be had among it.
const EXIT_USAGE: u8 = 2;

/// Ledger or broker cannot be used.
const EXIT_NOT_REACHABLE: u8 = 3;

/// Time for the last answers after the first signal.
const GRACE: Duration = Duration::from_secs(5);

/// Time that is left after the end to what still hangs.
const HANGS_AT_MOST: Duration = Duration::from_secs(1);

/// Shows the fleet in a browser and answers programs until it is told to stop.
#[derive(Parser)]
#[command(
    name = "panos-upgrade-dashboard",
    version,
    after_help = "Example:\n  PANOS_UPGRADE__LEDGER__URL=postgres://panos@db/panos \\\n  PANOS_UPGRADE__BROKER__URL=amqp://panos@mq \\\n  PANOS_UPGRADE__DASHBOARD__TOKEN_FILE=/run/secrets/token panos-upgrade-dashboard"
)]
struct Cli {
    /// Configuration file [default: panos-upgrade/config.toml in the platform's configuration directory]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&error);
            return ExitCode::from(EXIT_NOT_REACHABLE);
        }
    };
    let code = runtime.block_on(show(cli));
    runtime.shutdown_timeout(HANGS_AT_MOST);
    code
}

async fn show(cli: Cli) -> ExitCode {
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
    let _telemetry = telemetry::init(&config, "panos-upgrade-dashboard");
    for warning in config.warnings() {
        warn!("{warning}");
    }
    match run(&config, &stop).await {
        Ok(()) if stop.panicked() => ExitCode::from(EXIT_NOT_REACHABLE),
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!("the dashboard cannot run: {}", Chain(error.as_ref()));
            let is_address = error.downcast_ref::<ServerError>().is_some();
            ExitCode::from(if is_address { EXIT_USAGE } else { EXIT_NOT_REACHABLE })
        }
    }
}

async fn run(config: &Config, stop: &Shutdown) -> Result<(), Box<dyn std::error::Error>> {
    let Some(engine) = stop.unless_draining(Engine::open(config)).await else { return Ok(()) };
    Server::start(engine?, config, stop).await?;
    tell_systemd(&[NotifyState::Ready]);
    stop.draining().await;
    tell_systemd(&[NotifyState::Stopping]);
    stop.drain(GRACE).await;
    info!("the dashboard ends, as told");
    Ok(())
}

/// Nothing happens where systemd does not listen.
fn tell_systemd(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        debug!("systemd was not told: {error}");
    }
}

/// Says what is wrong before there is a configuration that says how to log.
#[expect(clippy::print_stderr, reason = "logging is not set up yet")]
fn complain(error: &dyn std::error::Error) {
    eprintln!("{}", Chain(error));
}
