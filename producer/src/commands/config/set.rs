//! `config set`: one key of the configuration file; comments stay, secrets are refused.

use std::path::{Path, PathBuf};

use common::config;
use serde::Serialize;

use crate::exit;
use crate::output::Output;

/// What was written.
#[derive(Serialize)]
struct Written<'a> {
    file: PathBuf,
    key: &'a str,
    value: &'a str,
}

/// Sets a key. Works beside a configuration that is otherwise incomplete, as long as the result can be used.
pub(crate) fn run(output: Output, file: Option<&Path>, key: &str, value: &str) -> anyhow::Result<u8> {
    let file = file.map_or_else(config::config_file, Path::to_path_buf);
    config::set(&file, key, value)?;
    output.print(&Written { file, key, value }, |written, page| {
        page.line(format!("{}: {key} = {value}", written.file.display()));
    })?;
    Ok(exit::OK)
}
