//! `panos-bench`: measures the system as it is built, beside what the machine can do at all. `./bench` builds and runs it.
//!
//! | module | what |
//! |---|---|
//! | `cli` | what can be asked |
//! | `drain` | one worker carries a fleet: beside its longest device, and as fast as it goes |
//! | `dashboard` | a dashboard over ten thousand devices while two hundred events per second happen |
//! | `hosts` | the servers of a fleet |
//! | `meter` | what a process took of the machine |
//! | `sample` | many measured values, and the ones that are told |
//! | `findings` | figures with targets over repetitions: a table for people, JSON for programs |
//! | `report` | the dashboard's lines of figures |
//! | `page` | `docs/performance.md` |
//! | `output` | the only part that prints |
//!
//! A benchmark measures and tells; it does not judge. Leaves to others: private servers (`testkit`), the world that the
//! programs run in (`e2e`).

mod cli;
mod dashboard;
mod drain;
mod findings;
mod hosts;
mod meter;
mod output;
mod page;
mod report;
mod sample;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use cli::{Cli, Engine, Name};
use drain::Fleet;
use e2e::world::Way;
use findings::{Findings, Taken};
use hosts::Hosts;
use page::Machine;
use serde_json::json;

/// Something could not be measured.
const FAILED: u8 = 2;

/// Ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    tokio::select! {
        run = run(&cli) => match run {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                output::complain(&format!("{error:#}"));
                ExitCode::from(FAILED)
            }
        },
        _ = tokio::signal::ctrl_c() => ExitCode::from(INTERRUPTED),
    }
}

async fn run(cli: &Cli) -> anyhow::Result<()> {
    let hosts = Hosts::default();
    let machine = Machine::look();
    if !cli.json {
        output::result(&machine.in_words());
    }
    let (mut all, mut dashboard) = (Vec::new(), None);
    for name in cli.wanted() {
        output::progress(&format!("{name:?}"));
        if name == Name::Dashboard {
            let way = cli.engine.unwrap_or(Engine::Fleet).way();
            let report = dashboard::measure(way, cli.short, cli.repeat.get()).await?;
            if !cli.json {
                output::result(&report.table());
            }
            dashboard = Some(report);
            continue;
        }
        let findings = measure(cli, &hosts, name).await.with_context(|| format!("{name:?}"))?;
        if !cli.json {
            output::result(&findings.tables());
        }
        all.push(findings);
    }
    if cli.json {
        let benchmarks: Vec<_> = all.iter().map(Findings::json).collect();
        let dashboard = dashboard.as_ref().map(report::Report::json);
        let json = json!({ "machine": machine.json(), "benchmarks": benchmarks, "dashboard": dashboard });
        output::result(&json.to_string());
    }
    if let Some(file) = &cli.write {
        let page = page::page(&machine, cli.repeat.get(), &all, dashboard.as_ref());
        std::fs::write(file, page).with_context(|| file.display().to_string())?;
        output::progress(&format!("{} is written", file.display()));
    }
    Ok(())
}

/// Measures one thing as often as asked.
async fn measure(cli: &Cli, hosts: &Hosts, name: Name) -> anyhow::Result<Findings> {
    let mut repetitions = Vec::new();
    for n in 1..=cli.repeat.get() {
        output::progress(&format!("  repetition {n} of {}", cli.repeat));
        repetitions.push(repetition(cli, hosts, name).await?);
    }
    let (name, about) = match name {
        Name::Drain1k => ("drain-1k", drain::ABOUT_DRAIN),
        Name::Drain10k => ("drain-10k", drain::ABOUT_DRAIN),
        Name::Ceiling => ("ceiling", drain::ABOUT_CEILING),
        other => anyhow::bail!("{other:?} cannot be measured yet"),
    };
    Ok(Findings::of(name, about, &repetitions))
}

async fn repetition(cli: &Cli, hosts: &Hosts, name: Name) -> anyhow::Result<Taken> {
    let (ways, is_short) = (cli.ways(), cli.short);
    let fleet = |devices: u64, download_time| Fleet {
        devices: if is_short { devices / 10 } else { devices },
        download_time,
        seed: cli.seed,
    };
    let either = |embedded: f64, fleet: f64| {
        move |way| match way {
            Way::Embedded => embedded,
            Way::Fleet => fleet,
        }
    };
    match name {
        Name::Drain1k => drain::drain(hosts, fleet(1_000, "10s"), &ways, either(1.1, 1.1), None).await,
        Name::Drain10k => {
            let download_time = if is_short { "10s" } else { "60s" };
            drain::drain(hosts, fleet(10_000, download_time), &ways, either(1.25, 1.35), Some(400.0)).await
        }
        Name::Ceiling => drain::ceiling(hosts, fleet(4_000, "0s"), &ways, either(400.0, 300.0)).await,
        other => anyhow::bail!("{other:?} cannot be measured yet"),
    }
}
