//! The operator's command line: parses, dispatches, and turns what came of it into an exit code.
//!
//! | module | does |
//! |---|---|
//! | [`cli`], [`exit`] | what can be typed; what a script may branch on |
//! | [`commands`] | one command per file |
//! | [`discover`], [`queue`] | Panorama's list as devices; what was typed as wishes, whose jobs `common::intake` queues |
//! | [`ask`], [`alarms`], [`stage`] | asking devices themselves; what a person has to look at; what is there |
//! | [`input`], the library beside this program | what is read from files; the devices in them |
//! | [`output`], [`progress`], [`failure`] | data to stdout; bars to stderr; errors with a hint and a code |
//! | [`paging`] | what the ledger answers in pages, one page after the other |
//!
//! Leaves to others: the truth (`common::ledger`), performing jobs (`worker`), the protocol (`panos`).

mod alarms;
mod ask;
mod cli;
mod commands;
mod context;
mod control;
mod discover;
mod exit;
mod failure;
#[cfg(test)]
mod fixtures;
mod input;
mod output;
mod paging;
mod progress;
mod queue;
mod requester;
mod stage;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match commands::run(cli::Cli::parse()).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => ExitCode::from(failure::report(&error)),
    }
}
