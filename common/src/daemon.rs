//! What the daemons have in common: to begin, to be told to stop, to tell systemd, to leave.
//!
//! Promises: signals are heard before anything else happens, so that a pod that is told to stop while it starts leaves
//! as cleanly as any other; a configuration that cannot work ends with [`EXIT_USAGE`], before anything is connected; what
//! hangs is not waited for. Leaves to others: what is served, and with which exit code it ends.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use sd_notify::NotifyState;
use tracing::{debug, warn};

use crate::config::{self, Config};
use crate::ledger::LedgerError;
use crate::report::Chain;
use crate::shutdown::Shutdown;
use crate::telemetry;

/// Wrong usage or configuration: starting again would not help.
pub const EXIT_USAGE: u8 = 2;

/// Ledger or broker cannot be used.
pub const EXIT_NOT_REACHABLE: u8 = 3;

/// Time that is left after the end to what still hangs: a disk that does not answer keeps its thread for ever.
const HANGS_AT_MOST: Duration = Duration::from_secs(1);

/// Runs a daemon of this name, with the configuration from this file and the environment.
pub fn run(
    name: &'static str,
    file: Option<&Path>,
    serve: impl AsyncFnOnce(&Config, &Shutdown) -> ExitCode,
) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&error);
            return ExitCode::from(EXIT_NOT_REACHABLE);
        }
    };
    let code = runtime.block_on(begin(name, file, serve));
    runtime.shutdown_timeout(HANGS_AT_MOST);
    code
}

async fn begin(
    name: &'static str,
    file: Option<&Path>,
    serve: impl AsyncFnOnce(&Config, &Shutdown) -> ExitCode,
) -> ExitCode {
    let stop = Shutdown::new();
    if let Err(error) = stop.listen_for_signals() {
        complain(&error);
        return ExitCode::from(EXIT_NOT_REACHABLE);
    }
    let config = match config::load(file, config::environment()) {
        Ok(config) => config,
        Err(error) => {
            complain(&error);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let _telemetry = telemetry::init(&config, name);
    for warning in config.warnings() {
        warn!("{warning}");
    }
    serve(&config, &stop).await
}

/// Tells systemd that the daemon works from now on, and as soon as it is told to stop that it leaves
/// (`sd_notify(3)`, `Type=notify`). Ends with `work`; does nothing else where systemd does not listen.
pub async fn told<T>(stop: &Shutdown, work: impl Future<Output = T>) -> T {
    tell_systemd(NotifyState::Ready);
    tokio::pin!(work);
    tokio::select! {
        output = &mut work => return output,
        () = stop.draining() => tell_systemd(NotifyState::Stopping),
    }
    work.await
}

/// What to do about an error that ends a daemon, to be said behind it; nothing where there is no one thing to do.
#[must_use]
pub fn remedy(error: &(dyn std::error::Error + 'static)) -> &'static str {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    let is_old = causes.any(|cause| {
        matches!(cause.downcast_ref(), Some(LedgerError::Schema { found, wanted, .. }) if found < wanted)
    });
    if is_old { "; `panos-upgrade migrate` brings it up to date" } else { "" }
}

fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        debug!("systemd was not told: {error}");
    }
}

/// Says what is wrong before there is a configuration that says how to log.
#[expect(clippy::print_stderr, reason = "logging is not set up yet")]
fn complain(error: &dyn std::error::Error) {
    eprintln!("{}", Chain(error));
}
