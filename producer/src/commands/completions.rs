//! `completions`: a script that makes a shell complete our commands.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit;
use crate::output::Output;

/// Prints the script.
pub(crate) fn run(output: Output, shell: Shell) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "panos-upgrade", &mut script);
    output.write(&String::from_utf8(script)?)?;
    Ok(exit::OK)
}
