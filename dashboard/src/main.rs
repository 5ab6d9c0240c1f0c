//! `panos-upgrade-dashboard`: the daemon. Parses, checks, serves, and leaves when it is told to.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use common::config::Config;
use common::daemon::{self, EXIT_NOT_REACHABLE, EXIT_USAGE};
use common::engine::Engine;
use common::ledger::LedgerError;
use common::report::Chain;
use common::shutdown::Shutdown;
use dashboard::{Server, ServerError};
use tracing::{error, info};

/// Time for the last answers after the first signal.
const GRACE: Duration = Duration::from_secs(5);

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
    daemon::run("panos-upgrade-dashboard", cli.config.as_deref(), show)
}

async fn show(config: &Config, stop: &Shutdown) -> ExitCode {
    match run(config, stop).await {
        Ok(()) if stop.panicked() => ExitCode::from(EXIT_NOT_REACHABLE),
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!("the dashboard cannot run: {}{}", Chain(error.as_ref()), daemon::remedy(error.as_ref()));
            let is_address = error.downcast_ref::<ServerError>().is_some();
            ExitCode::from(if is_address { EXIT_USAGE } else { EXIT_NOT_REACHABLE })
        }
    }
}

async fn run(config: &Config, stop: &Shutdown) -> Result<(), Box<dyn std::error::Error>> {
    let Some(engine) = stop.unless_draining(Engine::open(config)).await else { return Ok(()) };
    let engine = engine?;
    // A ledger that is away comes back; one that lacks what this program reads does not.
    match stop.unless_draining(engine.ledger.check()).await {
        Some(Err(error @ LedgerError::Schema { .. })) => return Err(error.into()),
        Some(Ok(()) | Err(_)) => {}
        None => return Ok(()),
    }
    Server::start(engine, config, stop).await?;
    daemon::told(stop, async {
        stop.draining().await;
        stop.drain(GRACE).await;
    })
    .await;
    info!("the dashboard ends, as told");
    Ok(())
}
