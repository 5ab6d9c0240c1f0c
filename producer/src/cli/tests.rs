//! The help of every command, held to what it says.

use clap::{CommandFactory, Parser};

use super::Cli;

/// Every command that does something, with the words that name it.
fn leaves() -> Vec<(Vec<String>, clap::Command)> {
    fn walk(path: &[String], command: &clap::Command, leaves: &mut Vec<(Vec<String>, clap::Command)>) {
        if !command.has_subcommands() {
            leaves.push((path.to_vec(), command.clone()));
        }
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            walk(&[path, &[sub.get_name().to_owned()]].concat(), sub, leaves);
        }
    }
    let mut leaves = Vec::new();
    walk(&[], &Cli::command(), &mut leaves);
    leaves
}

/// The examples of a help text: command lines, joined where one goes on, without what follows them.
fn examples(help: &str) -> Vec<Vec<String>> {
    let joined = help.replace("\\\n", " ");
    let lines = joined.lines().filter_map(|line| line.trim().strip_prefix("panos-upgrade "));
    lines.map(words).collect()
}

/// Words as a shell makes them, up to a redirection or to the remark that two blanks set off.
fn words(line: &str) -> Vec<String> {
    let line = line.split(" > ").next().unwrap_or(line);
    let mut words = vec!["panos-upgrade".to_owned()];
    let (mut word, mut quoted, mut blanks) = (String::new(), false, 0);
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => {
                blanks += 1;
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => {
                // A remark begins with a small letter after blanks; an option that was continued does not.
                if blanks > 1 && c.is_lowercase() {
                    break;
                }
                blanks = 0;
                word.push(c);
            }
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

#[test]
fn every_command_has_an_example_that_parses_as_that_command() {
    Cli::command().debug_assert();
    for (path, command) in leaves() {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples = examples(&help);
        assert!(!examples.is_empty(), "{path:?} has no example");
        for example in examples {
            assert_eq!(example.get(1..=path.len()), Some(path.as_slice()), "{example:?}");
            if let Err(error) = Cli::try_parse_from(&example) {
                panic!("{example:?}: {error}");
            }
        }
    }
    let overview = Cli::command().get_after_help().map(ToString::to_string).unwrap_or_default();
    for example in examples(&overview) {
        assert!(Cli::try_parse_from(&example).is_ok(), "{example:?}");
    }
}

#[test]
fn no_option_takes_a_secret() {
    for (path, command) in leaves() {
        for argument in command.get_arguments() {
            let name = argument.get_id().as_str();
            let is_secret = ["password", "secret", "token", "api_key"].iter().any(|word| name.contains(word));
            assert!(!is_secret, "{path:?} takes {name}");
        }
    }
}

#[test]
fn every_command_documents_its_json_or_prints_none() {
    for (path, command) in leaves() {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let is_script = path == ["completions"];
        assert!(is_script || help.contains("JSON"), "{path:?} does not say what its JSON is");
    }
}

#[test]
fn no_help_text_is_wider_than_a_small_terminal() {
    let overview = Cli::command().get_after_help().map(ToString::to_string);
    let of_leaves =
        leaves().into_iter().filter_map(|(_, command)| Some(command.get_after_help()?.to_string()));
    for help in of_leaves.chain(overview) {
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
