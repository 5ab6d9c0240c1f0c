//! `panos-upgrade-worker`: the daemon for pods. Parses, checks, runs, and leaves when it is told to.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use common::config::Config;
use common::daemon::{self, EXIT_NOT_REACHABLE, EXIT_USAGE};
use common::engine::Engine;
use common::report::Chain;
use common::shutdown::Shutdown;
use tracing::error;
use worker::{App, SetupError, Until};

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

fn main() -> ExitCode {
    let cli = Cli::parse();
    daemon::run("panos-upgrade-worker", cli.config.as_deref(), work)
}

async fn work(config: &Config, stop: &Shutdown) -> ExitCode {
    match run(config, stop).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!("the worker cannot run: {}{}", Chain(error.as_ref()), daemon::remedy(error.as_ref()));
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

async fn run(config: &Config, stop: &Shutdown) -> Result<(), Box<dyn std::error::Error>> {
    let Some(engine) = stop.unless_draining(Engine::open(config)).await else { return Ok(()) };
    let app = App::new(engine?, config, stop)?;
    daemon::told(stop, app.run(Until::Stopped)).await?;
    Ok(())
}
