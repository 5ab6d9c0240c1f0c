//! `path validate`: a paths file, checked as far as that goes without a device.

use std::path::Path;

use common::domain::path::{self, Goal, PathsFile, Policy};
use common::domain::version::Version;
use serde::Serialize;

use crate::exit;
use crate::failure::Failure;
use crate::output::{Output, Page, Table, counted};
use crate::queue;

/// A file that can be used.
#[derive(Serialize)]
struct Validated {
    file: String,
    paths: Vec<CheckedPath>,
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
    let paths = queue::paths(file)?;
    let validated = Validated { file: file.display().to_string(), paths: checked(file, &paths)? };
    output.print(&validated, page)?;
    Ok(exit::OK)
}

/// Each path, planned as a job would plan it before its device was asked.
fn checked(file: &Path, paths: &PathsFile) -> Result<Vec<CheckedPath>, Failure> {
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
    if problems.is_empty() {
        Ok(good)
    } else {
        Err(Failure::bad_file(&file.display().to_string(), &problems))
    }
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
