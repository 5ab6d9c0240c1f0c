//! `panos-chaos`: the fault suite as a program; `./chaos` builds it with everything that it starts, and runs it.

mod cli;
mod output;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use faults::report::{FOUND, INTERRUPTED, OK, USAGE};
use faults::runner::{self, Plan};
use faults::{scenarios, table};
use testkit::{postgres, rabbitmq};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    if cli.list {
        output::list(&scenarios::all());
        return ExitCode::from(OK);
    }
    let plan = match cli.plan() {
        Ok(plan) => plan,
        Err(reason) => {
            output::complain(&reason);
            return ExitCode::from(USAGE);
        }
    };
    tokio::select! {
        code = play(&cli, &plan) => ExitCode::from(code),
        told = told_to_end() => {
            let (what, code) = match told {
                Ok(by) => (format!("ended by {by}; so do servers and programs; {}", kept(&plan)), INTERRUPTED),
                Err(error) => (format!("signals cannot be caught: {error}"), USAGE),
            };
            output::complain(&what);
            ExitCode::from(code)
        }
    }
}

/// Where the logs are of what failed before.
fn kept(plan: &Plan) -> String {
    if plan.logs.exists() {
        format!("logs of what failed before are in {}", plan.logs.display())
    } else {
        "nothing had failed before".to_owned()
    }
}

/// Waits for Ctrl-C or SIGTERM, which is how `timeout` and a service manager say the same.
async fn told_to_end() -> std::io::Result<&'static str> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    })
}

async fn play(cli: &cli::Cli, plan: &Plan) -> u8 {
    let about = match machine(cli, plan).await {
        Ok(about) => about,
        Err(error) => {
            output::complain(&format!("{error:#}"));
            return USAGE;
        }
    };
    output::begin(plan, &about);
    let mut n_played = 0;
    let report = runner::run(plan, |play| {
        n_played += 1;
        output::progress(n_played, play);
    })
    .await;
    output::text(&table::text(&report));
    let files =
        [(&cli.json, table::json(&report).to_string()), (&cli.markdown, table::markdown(&report, &about))];
    for (file, content) in files {
        if let Some(file) = file
            && let Err(error) = std::fs::write(file, content)
        {
            output::complain(&format!("{}: {error}", file.display()));
            return FOUND;
        }
    }
    report.exit_code()
}

/// Starts the shared servers, and says on what and how this run is made.
async fn machine(cli: &cli::Cli, plan: &Plan) -> anyhow::Result<String> {
    let (database, broker) = tokio::try_join!(postgres::shared_version(), rabbitmq::shared_version())
        .context("the servers that all scenarios share do not start")?;
    let n_processors = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(format!(
        "{n_processors} processors, PostgreSQL {database}, RabbitMQ {broker}, {} at a time; `{}`",
        plan.n_at_once,
        cli.command(plan.seed)
    ))
}
