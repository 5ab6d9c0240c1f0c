//! `panos-bench`: measures the system as it is built, beside what a person would notice. `./bench` builds and runs it.
//!
//! | module | what |
//! |---|---|
//! | `cli` | what can be asked |
//! | `dashboard` | a dashboard over ten thousand devices while two hundred events per second happen |
//! | `meter` | what a process took of the machine |
//! | `sample` | many measured values, and the ones that are told |
//! | `report` | lines of figures, medians over repetitions, a table for people, JSON for programs |
//! | `output` | the only part that prints |
//!
//! A benchmark measures and tells; it does not judge. Leaves to others: private servers (`testkit`), the world that the
//! programs run in (`e2e`).

mod cli;
mod dashboard;
mod meter;
mod output;
mod report;
mod sample;

use std::process::ExitCode;

use clap::Parser;
use cli::{Benchmark, Cli};

/// Something could not be measured.
const FAILED: u8 = 2;

/// Ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    tokio::select! {
        code = run(&cli) => ExitCode::from(code),
        _ = tokio::signal::ctrl_c() => ExitCode::from(INTERRUPTED),
    }
}

async fn run(cli: &Cli) -> u8 {
    let measured = match &cli.benchmark {
        Benchmark::Dashboard(asked) => dashboard::measure(asked, cli.short, cli.repeat.get()).await,
    };
    match measured {
        Ok(report) => {
            output::report(&report, cli.json);
            0
        }
        Err(error) => {
            output::complain(&format!("{error:#}"));
            FAILED
        }
    }
}
