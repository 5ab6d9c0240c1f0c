//! One command per file; each makes a value with a documented JSON shape and a page for people.
//!
//! Promises: a command prints its result once, at its end, and answers an exit code; commands that need no
//! configuration work without one, so that a broken file can be mended and a paths file be checked anywhere.

mod audit;
mod completions;
mod config;
mod dead;
mod device;
mod doctor;
mod download;
mod events;
mod fleet;
mod hash;
mod job;
mod migrate;
mod path;
mod work;
mod worker;

use crate::cli::{
    Cli, Command, ConfigCommand, DeadCommand, DeviceCommand, DownloadCommand, EventsCommand, FleetCommand,
    HashCommand, JobCommand, PathCommand, WorkerCommand,
};
use crate::context::{Absent, Context};
use crate::output::Output;

/// Runs the command; answers its exit code.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<u8> {
    let output = Output::new(cli.output);
    let absent = if cli.command.may_create_ledger() { Absent::Create } else { Absent::Refuse };
    let context = || Context::new(cli.config.as_deref(), output, absent);
    match cli.command {
        Command::Completions { shell } => completions::run(output, shell),
        Command::Config(ConfigCommand::Set { key, value, more }) => {
            config::set::run(output, cli.config.as_deref(), &[vec![key, value], more].concat())
        }
        Command::Path(PathCommand::Validate { file }) => path::validate::run(output, &file),
        Command::Device(command) => device(&context()?, command).await,
        Command::Download(command) => download(&context()?, command).await,
        Command::Job(command) => job(&context()?, command).await,
        Command::Fleet(command) => fleet(&context()?, command).await,
        Command::Worker(WorkerCommand::List { all }) => worker::list::run(&context()?, all).await,
        Command::Dead(command) => dead(&context()?, command).await,
        Command::Events(EventsCommand::Tail(args)) => events::tail::run(&context()?, &args).await,
        Command::Hash(command) => hash(&context()?, command).await,
        Command::Path(PathCommand::Show { from, goal, offline }) => {
            let ask = if offline { path::show::Ask::Nobody } else { path::show::Ask::TheDevice };
            path::show::run(&context()?, &from, &goal, ask).await
        }
        Command::Audit(command) => audit::run(&context()?, command).await,
        Command::Config(ConfigCommand::Show) => config::show::run(&context()?),
        Command::Config(ConfigCommand::Check) => config::check::run(&context()?).await,
        Command::Doctor(args) => doctor::run(output, cli.config.as_deref(), &args).await,
        Command::Work(args) => work::run(&context()?, &args).await,
        Command::Migrate => migrate::run(&context()?).await,
    }
}

async fn device(context: &Context, command: DeviceCommand) -> anyhow::Result<u8> {
    match command {
        DeviceCommand::Discover { force } => device::discover::run(context, force).await,
        DeviceCommand::List { select } => device::list::run(context, &select).await,
        DeviceCommand::Show { serial } => device::show::run(context, &serial).await,
        DeviceCommand::Status { serial } => device::status::run(context, &serial).await,
        // Without an address it is `--clear`: one of them has to be there.
        DeviceCommand::Address { serial, address, clear: _, reason } => {
            device::address::run(context, &serial, address.as_deref(), &reason).await
        }
        DeviceCommand::Remove { serial, reason } => device::remove::run(context, &serial, &reason).await,
        DeviceCommand::Cleanup(args) => device::cleanup::run(context, &args).await,
        DeviceCommand::Export { output_dir } => device::export::run(context, &output_dir).await,
        DeviceCommand::Import { file } => device::import::run(context, &file).await,
    }
}

async fn download(context: &Context, command: DownloadCommand) -> anyhow::Result<u8> {
    match command {
        DownloadCommand::Plan(args) => download::plan::run(context, &args).await,
        DownloadCommand::QueueAll { queue, select } => {
            download::queue_all::run(context, &queue, &select).await
        }
        DownloadCommand::FromCsv { file, queue } => download::from_csv::run(context, &file, &queue).await,
        DownloadCommand::Status { watch: true } => download::watch::run(context).await,
        DownloadCommand::Status { watch: false } => download::status::run(context).await,
        DownloadCommand::Verify { select, report } => {
            download::verify::run(context, &select, report.as_deref()).await
        }
    }
}

async fn job(context: &Context, command: JobCommand) -> anyhow::Result<u8> {
    match command {
        JobCommand::Submit { device, download_only: true, queue } => {
            job::submit::download(context, &device, &queue).await
        }
        JobCommand::Submit { device, download_only: false, queue: _ } => {
            job::submit::upgrade(context, &device).await
        }
        JobCommand::List(args) => job::list::run(context, &args).await,
        JobCommand::Show { id } => job::show::run(context, id).await,
        JobCommand::Cancel { id, reason } => job::cancel::run(context, id, &reason).await,
        JobCommand::Retry { id, pair, reason } => job::retry::run(context, id, pair, reason.as_deref()).await,
    }
}

async fn fleet(context: &Context, command: FleetCommand) -> anyhow::Result<u8> {
    match command {
        FleetCommand::Status => fleet::status::run(context).await,
        FleetCommand::Pause { part, reason } => fleet::pause::run(context, &part, &reason).await,
        FleetCommand::Resume { part, reason } => fleet::resume::run(context, &part, &reason).await,
    }
}

async fn dead(context: &Context, command: DeadCommand) -> anyhow::Result<u8> {
    match command {
        DeadCommand::List => dead::list::run(context).await,
        DeadCommand::Show { id, save } => dead::show::run(context, id, save.as_deref()).await,
        DeadCommand::Requeue(letters) => dead::requeue::run(context, &letters).await,
        DeadCommand::Drop(letters) => dead::drop::run(context, &letters).await,
    }
}

async fn hash(context: &Context, command: HashCommand) -> anyhow::Result<u8> {
    match command {
        HashCommand::Import { file, replace } => hash::import::run(context, &file, &replace).await,
        HashCommand::Add { version, filename, sha256, replace } => {
            hash::add::run(context, &version, filename.as_deref(), &sha256, &replace).await
        }
        HashCommand::Remove { version, filename, reason } => {
            hash::remove::run(context, &version, filename.as_deref(), &reason).await
        }
        HashCommand::List => hash::list::run(context).await,
        HashCommand::Verify { files } => hash::verify::run(context, files).await,
        HashCommand::Disputes => hash::disputes::run(context).await,
        HashCommand::Mismatches { all } => hash::mismatches::run(context, all).await,
        HashCommand::Clear { serial, version, reason } => {
            hash::clear::run(context, &serial, &version, &reason).await
        }
    }
}
