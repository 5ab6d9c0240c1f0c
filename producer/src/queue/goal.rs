//! Which goal: the command line before the configuration, and a paths file before a target.
//!
//! Leaves to others: what a goal means for one device ([`common::intake::plan`]).

use common::intake::plan::{Rules, Wanted};
use std::path::Path;

use common::domain::job::PairMode;
use common::domain::path::PathsFile;

use crate::cli::GoalArgs;
use crate::context::Context;
use crate::failure::Failure;
use crate::input;

/// The rules by which jobs are made.
///
/// # Errors
/// A [`Failure`] when a goal does not read, or nobody named one.
pub(crate) fn rules(context: &Context, args: &GoalArgs, pair: PairMode) -> anyhow::Result<Rules> {
    let config = &context.config;
    Ok(Rules {
        wanted: wanted(context, args)?,
        policy: config.plan.policy(),
        max_attempts: config.worker.max_attempts,
        pair,
    })
}

fn wanted(context: &Context, args: &GoalArgs) -> anyhow::Result<Wanted> {
    if let Some(text) = &args.target {
        let target = text.parse().map_err(|error| Failure::usage(format!("--target: {error}")))?;
        return Ok(Wanted { target: Some(target), ..Wanted::default() });
    }
    if let Some(file) = &args.paths {
        return Ok(Wanted { paths: Some(paths(file)?), ..Wanted::default() });
    }
    let plan = &context.config.plan;
    if plan.target.is_none() && plan.paths_file.is_none() {
        return Err(Failure::usage("no goal: which version are the devices to be brought to?")
            .hint("--target VERSION or --paths FILE, or for good `panos-upgrade config set plan.target VERSION`")
            .into());
    }
    let paths = plan.paths_file.as_deref().map(paths).transpose()?;
    Ok(Wanted { paths, target: plan.target, ..Wanted::default() })
}

/// Reads a paths file.
///
/// # Errors
/// A [`Failure`] with every problem of the file.
fn paths(file: &Path) -> anyhow::Result<PathsFile> {
    let input = input::read(file)?;
    let parsed = PathsFile::parse(&input.text, &input.name);
    Ok(parsed.map_err(|problems| Failure::bad_file(&input.name, &problems))?)
}
