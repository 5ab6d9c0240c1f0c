//! The configuration as a whole: real files in a directory of their own, and environments made up here.

mod dashboard;
mod edit;
mod reading;
mod reference;
mod sample;
mod secrets;

use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// A directory with a configuration file in it.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new(toml: &str) -> Self {
        let place = Self { directory: TempDir::new().unwrap() };
        place.write("config.toml", toml);
        place
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path("config.toml")).unwrap()
    }

    fn load(&self, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        load(Some(&self.path("config.toml")), made_of(variables))
    }

    /// The problems of a configuration that has some, as lines without the directory.
    fn problems(&self, variables: &[(&str, &str)]) -> Vec<String> {
        let directory = format!("{}/", self.directory.path().display());
        match self.load(variables) {
            Err(ConfigError::Invalid { problems }) => {
                problems.iter().map(|problem| problem.to_string().replace(&directory, "")).collect()
            }
            other => panic!("problems expected, found {other:?}"),
        }
    }
}

fn made_of(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn shown(config: &Config, key: &str) -> (String, String) {
    let line = show(config).into_iter().find(|line| line.key == key).unwrap();
    (line.value, line.origin.to_string())
}
