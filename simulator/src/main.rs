//! `panos-simulator`: parses, runs until a signal, or looks at a running one.

mod cli;
mod output;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use simulator::calls::{self, Counters, State};
use simulator::check::{self, Export, Fleet};
use simulator::scenario::{Named, Scenario, file};
use simulator::seeded::Seed;
use simulator::server::tls::Certificates;
use simulator::server::{Server, raise_file_limit};
use simulator::world::World;
use simulator::{control, http_get};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;
use tracing_subscriber::EnvFilter;

/// All is as asked, and every device ended as it had to.
const OK: u8 = 0;
/// Some device ended otherwise.
const DEVIATIONS: u8 = 1;

fn main() -> anyhow::Result<ExitCode> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let is_terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_terminal)
        .with_writer(std::io::stderr)
        .init();
    let cli = cli::Cli::parse();
    let code = match cli.command {
        Some(cli::Command::Check { control, jobs }) => check(&control, &jobs)?,
        Some(cli::Command::Calls { control, max_calls }) => calls(&control, max_calls)?,
        Some(cli::Command::List) => {
            output::list();
            OK
        }
        Some(cli::Command::Catalogue { control }) => {
            output::text(&http_get::get(&control, "/catalogue")?);
            OK
        }
        None if cli.run.list => {
            output::list();
            OK
        }
        None => {
            run(&cli.run)?;
            OK
        }
    };
    Ok(ExitCode::from(code))
}

#[tokio::main]
async fn run(options: &cli::Run) -> anyhow::Result<()> {
    anyhow::ensure!(
        options.control.ip().is_loopback(),
        "--control {} is not a loopback address: the control endpoint knows no log-in",
        options.control
    );
    raise_file_limit();
    let world = Arc::new(World::new(&scenario(options)?)?);
    let state_dir = StateDir::open(options.state_dir.as_deref())?;
    let certificates = Arc::new(Certificates::create(state_dir.path())?);
    let server = Server::bind(&world, options.port)
        .with_context(|| format!("cannot listen at port {} on loopback addresses", options.port))?;
    let control = TcpListener::bind(options.control)
        .await
        .with_context(|| format!("cannot listen at {}", options.control))?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    let (port, control_address) = (server.port(), control.local_addr()?);
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.serve(Arc::clone(&world), Arc::clone(&certificates), stop.clone()));
    let routes = control::router(Arc::clone(&world));
    let stopped = stop.clone();
    let controlling = tokio::spawn(async move {
        let serve = axum::serve(control, routes);
        tokio::select! {
            () = stopped.cancelled() => Ok(()),
            served = serve => served,
        }
    });
    output::ready(&world, port, certificates.ca_file(), control_address)?;
    info!(devices = world.firewalls.len(), port, "ready");

    tokio::select! {
        _ = terminate.recv() => info!("SIGTERM: ending"),
        _ = interrupt.recv() => info!("SIGINT: ending"),
    }
    stop.cancel();
    serving.await?;
    controlling.await??;
    Ok(())
}

/// The scenario, changed by what the command line says.
fn scenario(options: &cli::Run) -> anyhow::Result<Scenario> {
    let mut scenario = match options.scenario.as_str() {
        "plain" => Named::Plain.scenario(),
        "demo" => Named::Demo.scenario(),
        "realistic" => Named::Realistic.scenario(),
        path => file::read(Path::new(path))?,
    };
    if let Some(devices) = options.devices {
        scenario.set_devices(devices);
    }
    set(&mut scenario.seed, options.seed.map(Seed));
    set(&mut scenario.pace.download_time, options.download_time.map(|span| span.0));
    set(&mut scenario.pace.spread, options.download_spread);
    set(&mut scenario.pace.check_time, options.check_time.map(|span| span.0));
    set(&mut scenario.pace.reboot_time, options.reboot_time.map(|span| span.0));
    set(&mut scenario.pace.scale, options.scale);
    scenario.without.extend(options.without.iter().cloned());
    scenario.passive_panorama |= options.passive_panorama;
    Ok(scenario)
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// Where the CA certificate lies: a directory that was named, or one that ends with the program.
enum StateDir {
    Named(PathBuf),
    Temporary(tempfile::TempDir),
}

impl StateDir {
    fn open(named: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = named else {
            return Ok(Self::Temporary(tempfile::Builder::new().prefix("panos-simulator-").tempdir()?));
        };
        std::fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self::Named(path.canonicalize()?))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Named(path) => path,
            Self::Temporary(dir) => dir.path(),
        }
    }
}

fn check(control: &str, jobs: &Path) -> anyhow::Result<u8> {
    let text = std::fs::read_to_string(jobs).with_context(|| format!("cannot read {}", jobs.display()))?;
    let export: Export =
        serde_json::from_str(&text).with_context(|| format!("{} is not a job export", jobs.display()))?;
    let fleet: Fleet =
        serde_json::from_str(&http_get::get(control, "/state")?).context("/state is not a fleet's state")?;
    let counters: Counters = serde_json::from_str(&http_get::get(control, "/counters")?)
        .context("/counters are not a fleet's counters")?;
    let verdict = check::compare(&fleet, &export, Some(&counters));
    output::verdict(&verdict);
    Ok(if verdict.deviations.is_empty() { OK } else { DEVIATIONS })
}

fn calls(control: &str, max_calls: Option<u64>) -> anyhow::Result<u8> {
    let counters: Counters = serde_json::from_str(&http_get::get(control, "/counters")?)
        .context("/counters are not a fleet's counters")?;
    let state: State =
        serde_json::from_str(&http_get::get(control, "/state")?).context("/state is not a fleet's state")?;
    let report = calls::report(&counters, &state);
    output::calls(&report);
    let is_within =
        max_calls.is_none_or(|max| report.n_judged > 0 && report.most_calls <= max && report.n_late == 0);
    Ok(if is_within { OK } else { DEVIATIONS })
}
