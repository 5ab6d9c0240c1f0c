//! `path validate`: a paths file, checked as far as that goes without a device.

use std::path::Path;

use common::domain::path::{self, Goal, PathsFile, Policy};
use common::domain::version::Version;
use serde::Serialize;

use crate::cli::Format;
use crate::exit;
use crate::failure::Failure;
use crate::input;
use crate::output::{Output, Page, Table, counted};

/// What is to be said of a file. Names of fields are interface.
#[derive(Serialize)]
struct Validated {
    file: String,
    /// Whether it can be used: it has no problem.
    ok: bool,
    /// The paths that can be followed.
    paths: Vec<CheckedPath>,
    /// Each with its place and what would do.
    problems: Vec<String>,
}

/// One path of it.
#[derive(Serialize)]
struct CheckedPath {
    current_version: Version,
    images: Vec<Version>,
    /// What is true of it and should be known.
    cautions: Vec<String>,
}

/// Names every problem of a paths file; needs no configuration.
pub(crate) fn run(output: Output, file: &Path) -> anyhow::Result<u8> {
    let input = input::read(file)?;
    let (paths, problems) = match PathsFile::parse(&input.text, &input.name) {
        Ok(paths) => checked(&paths),
        Err(problems) => (Vec::new(), problems.iter().map(ToString::to_string).collect()),
    };
    let validated = Validated { file: input.name, ok: problems.is_empty(), paths, problems };
    if validated.ok || output.format() == Format::Json {
        output.print(&validated, page)?;
    }
    if validated.ok {
        Ok(exit::OK)
    } else {
        Err(Failure::bad_file(&validated.file, &validated.problems).into())
    }
}

/// Each path, planned as a job would plan it before its device was asked.
fn checked(paths: &PathsFile) -> (Vec<CheckedPath>, Vec<String>) {
    let (mut good, mut problems) = (Vec::new(), Vec::new());
    for (current, images) in paths.iter() {
        match path::plan(current, &Goal::Explicit(images.to_vec()), None, &Policy::default()) {
            Ok(plan) => good.push(CheckedPath {
                current_version: *current,
                images: images.to_vec(),
                cautions: plan.cautions.iter().map(ToString::to_string).collect(),
            }),
            Err(error) => problems.push(format!("at `{current}`: {error}; {}", error.remedy())),
        }
    }
    (good, problems)
}

fn page(validated: &Validated, page: &mut Page) {
    let mut table = Table::new(["RUNS", "IMAGES", "CAUTIONS"]);
    for path in &validated.paths {
        let images: Vec<_> = path.images.iter().map(ToString::to_string).collect();
        table.row([path.current_version.to_string(), images.join(", "), path.cautions.join("; ")]);
    }
    page.table(&table);
    page.line(format!("{}: {}, no problem", validated.file, counted(validated.paths.len(), "path")));
}
