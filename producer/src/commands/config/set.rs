//! `config set`: keys of the configuration file; comments stay, secrets are refused.

use std::path::{Path, PathBuf};

use common::config;
use serde::Serialize;

use crate::exit;
use crate::failure::Failure;
use crate::output::Output;

/// What was written.
#[derive(Serialize)]
struct Written<'a> {
    file: &'a PathBuf,
    key: &'a str,
    value: &'a str,
}

/// Sets keys, `words` being each key with its value: all of them or none. Several at once, because the file is
/// checked as a whole beside the environment, and some keys only work together: two users whose passwords the
/// environment names, the URLs of ledger and broker.
pub(crate) fn run(output: Output, file: Option<&Path>, words: &[String]) -> anyhow::Result<u8> {
    let file = file.map_or_else(config::config_file, Path::to_path_buf);
    let changes = words.chunks(2).map(pair).collect::<Result<Vec<_>, _>>()?;
    config::set_all(&file, &changes, config::environment())?;
    for (key, value) in changes {
        output.print(&Written { file: &file, key, value }, |written, page| {
            page.line(format!("{}: {key} = {value}", written.file.display()));
        })?;
    }
    Ok(exit::OK)
}

fn pair(words: &[String]) -> Result<(&str, &str), Failure> {
    match words {
        [key, value] => Ok((key, value)),
        words => Err(Failure::usage(format!("`{}` has no value", words.join(" ")))
            .hint("write `panos-upgrade config set KEY VALUE KEY VALUE`")),
    }
}
