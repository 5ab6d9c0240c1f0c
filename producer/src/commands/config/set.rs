//! `config set`: keys of the configuration file; comments stay, secrets are refused.

use std::borrow::Cow;
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
    let pairs = words.chunks(2).map(pair).collect::<Result<Vec<_>, _>>()?;
    let changes: Vec<(&str, &str)> = pairs.iter().map(|(key, value)| (*key, value.as_ref())).collect();
    config::set_all(&file, &changes, config::environment())?;
    for (key, value) in changes {
        output.print(&Written { file: &file, key, value }, |written, page| {
            page.line(format!("{}: {key} = {value}", written.file.display()));
        })?;
    }
    Ok(exit::OK)
}

fn pair(words: &[String]) -> Result<(&str, Cow<'_, str>), Failure> {
    match words {
        [key, value] => Ok((key, as_text(value))),
        words => Err(Failure::usage(format!("`{}` has no value", words.join(" ")))
            .hint("write `panos-upgrade config set KEY VALUE KEY VALUE`")),
    }
}

/// A table or a list as it stands in the file, in the form that the environment has for it: `NAME=VALUE,..` or
/// `VALUE,..`. Everything else is text already.
fn as_text(value: &str) -> Cow<'_, str> {
    if !value.starts_with(['{', '[']) {
        return Cow::Borrowed(value);
    }
    let table = format!("value = {value}").parse::<toml::Table>();
    let texts = |value: &toml::Value| value.as_str().map(str::to_owned);
    let parts: Option<Vec<String>> = match table.as_ref().ok().and_then(|table| table.get("value")) {
        Some(toml::Value::Array(values)) => values.iter().map(texts).collect(),
        Some(toml::Value::Table(pairs)) => {
            pairs.iter().map(|(name, value)| Some(format!("{name}={}", texts(value)?))).collect()
        }
        Some(_) | None => None,
    };
    parts.map_or(Cow::Borrowed(value), |parts| Cow::Owned(parts.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_and_a_list_may_be_written_as_in_the_file() {
        for (value, text) in [
            (r#"{ "192.0.2.1" = "aa", "007900000100103" = "bb" }"#, "007900000100103=bb,192.0.2.1=aa"),
            (r#"["download_only", "upgrade"]"#, "download_only,upgrade"),
            ("192.0.2.1=aa", "192.0.2.1=aa"),
            ("{ broken", "{ broken"),
            ("[1, 2]", "[1, 2]"),
            ("10.1.2.3", "10.1.2.3"),
        ] {
            assert_eq!(as_text(value), text);
        }
    }
}
