//! `firewall.messages`: what an operator knows about the words of a firewall that our own table does not.
//!
//! Promises: every fragment and every kind has a form that can be searched for and written in a file as well
//! as in a variable. Leaves to others: which kinds there are (the worker compares them with the protocol
//! crate's at its start) and finding the fragment in an answer.

use std::collections::BTreeMap;

use toml_edit::Value as TomlValue;

use super::setting::{Found, Value, Wanted};

/// Most entries; each answer of a firewall that our own table does not know is searched for all of them.
const MOST_ENTRIES: usize = 100;

/// Length of a fragment in characters: shorter ones are in every other message, longer ones hide a version
/// or a host name that the next message does not have.
const FRAGMENT_CHARS: std::ops::RangeInclusive<usize> = 4..=200;

/// Longest word for a kind, in characters.
const KIND_CHARS: usize = 40;

impl Value for BTreeMap<String, String> {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let pairs = found.pairs().ok_or_else(|| {
            "must be a table of text to kind, both in quotes (in the environment: TEXT=KIND,TEXT=KIND)"
                .to_owned()
        })?;
        if pairs.len() > MOST_ENTRIES {
            return Err(format!("must have at most {MOST_ENTRIES} entries"));
        }
        let mut messages = Self::new();
        for (fragment, kind) in pairs {
            let (fragment, kind) = (fragment.trim(), kind.trim());
            check_fragment(fragment)?;
            check_kind(kind)?;
            // Searched for without regard to case, so two that differ only in it are one.
            if messages.insert(fragment.to_lowercase(), kind.to_owned()).is_some() {
                return Err(format!("has `{fragment}` twice; keep one"));
            }
        }
        Ok(messages)
    }

    fn text(&self) -> String {
        self.iter().map(|(fragment, kind)| format!("{fragment}={kind}")).collect::<Vec<_>>().join(",")
    }

    fn toml(&self) -> TomlValue {
        self.iter().map(|(fragment, kind)| (fragment.as_str(), kind.as_str())).collect()
    }
}

fn check_fragment(fragment: &str) -> Result<(), Wanted> {
    let n_chars = fragment.chars().count();
    if !FRAGMENT_CHARS.contains(&n_chars) {
        let (least, most) = (FRAGMENT_CHARS.start(), FRAGMENT_CHARS.end());
        return Err(format!("must have texts of {least} to {most} characters; one has {n_chars}"));
    }
    // A comma or an equals sign could not be told from the separators in an environment variable.
    if fragment.contains(|sign: char| sign.is_control() || matches!(sign, ',' | '=')) {
        return Err(format!(
            "must have texts of one line without comma and equals sign; take a shorter part of {}",
            fragment.escape_debug()
        ));
    }
    Ok(())
}

fn check_kind(kind: &str) -> Result<(), Wanted> {
    let is_word = kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if kind.is_empty() || kind.len() > KIND_CHARS || !is_word {
        let kind: String = kind.chars().take(KIND_CHARS).flat_map(char::escape_debug).collect();
        return Err(format!("must name a kind by its word, such as disk_full; found `{kind}`"));
    }
    Ok(())
}
