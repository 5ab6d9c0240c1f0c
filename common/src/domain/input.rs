//! What reading a file that somebody else wrote found wrong, and how a found value is quoted.
//!
//! Promises: every problem names the file, the place in it, the value found and what would do; a quoted
//! value is escaped and short, whatever the file contains. Leaves to others: reading the file and limiting
//! its size (the caller), the rules themselves ([`catalogue`](super::catalogue), [`path`](super::path)).

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// Longest part of a found value that a message repeats, in characters as shown: enough to recognise a 64-digit
/// hash. An escaped character counts with what is shown for it.
const QUOTED_CHARS: usize = 72;

/// `text` in backticks, control characters escaped, cut when it is long.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", cut(text.chars().map(char::escape_debug), QUOTED_CHARS))
}

/// Longest message of a parser that is repeated, in characters. Parsers name what they found, whole.
const TOLD_CHARS: usize = 160;

/// What another parser says, on one line and cut: it may repeat a text of the file of any length.
pub(super) fn told(error: &impl fmt::Display) -> String {
    let text = error.to_string();
    cut(text.chars().map(escape_control), TOLD_CHARS)
}

/// As many whole pieces as fit into `most` characters; two dots stand for the rest.
fn cut<P: Iterator<Item = char>>(pieces: impl Iterator<Item = P>, most: usize) -> String {
    let (mut shown, mut n_shown) = (String::new(), 0);
    for piece in pieces {
        let before = shown.len();
        for character in piece {
            shown.push(character);
            n_shown += 1;
        }
        if n_shown > most {
            shown.truncate(before);
            shown.push_str("..");
            break;
        }
    }
    shown
}

/// A character as a message may hold it; quotes and backslashes are the parser's own.
fn escape_control(character: char) -> impl Iterator<Item = char> {
    let escaped = character.is_control().then(|| character.escape_debug());
    let plain = (!character.is_control()).then_some(character);
    escaped.into_iter().flatten().chain(plain)
}

/// Where in a file something stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The file as a whole.
    Whole,
    /// A line, counted from 1.
    Line(u64),
    /// A part of a JSON document, as one would write it: `[3].sha256`, `"10.0.2"[1]`.
    Element(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("as a whole"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Element(element) => write!(f, "at {element}"),
        }
    }
}

/// One thing wrong in an input file. Reading goes on after it, so that all problems are told together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, {place}: found {found}; {remedy}")]
pub struct Problem {
    /// The file, as the caller named it.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// What stands there, quoted and cut; or a few words when it is not a text.
    pub found: String,
    /// What would do instead.
    pub remedy: String,
}

/// Most problems told of one file. Who mends these sees the next ones.
const MOST_TOLD: usize = 200;

/// The problems of one file, in its order, as they are found.
pub(super) struct Problems<'a> {
    file: &'a str,
    list: Vec<Problem>,
    n_untold: usize,
}

impl<'a> Problems<'a> {
    /// None yet, of `file` as the caller named it.
    pub(super) fn of(file: &'a str) -> Self {
        Self { file, list: Vec::new(), n_untold: 0 }
    }

    /// Adds one; beyond [`MOST_TOLD`] they are only counted.
    pub(super) fn add(&mut self, place: Place, found: impl Into<String>, remedy: impl Into<String>) {
        if self.list.len() < MOST_TOLD {
            let (file, found, remedy) = (self.file.to_owned(), found.into(), remedy.into());
            self.list.push(Problem { file, place, found, remedy });
        } else {
            self.n_untold += 1;
        }
    }

    /// All of them when there are any; the last one counts those that are not told.
    pub(super) fn into_result(mut self) -> Result<(), Vec<Problem>> {
        if self.n_untold > 0 {
            let (file, found) = (self.file.to_owned(), format!("{} more problems", self.n_untold));
            let remedy = "mend those above first".to_owned();
            self.list.push(Problem { file, place: Place::Whole, found, remedy });
        }
        if self.list.is_empty() { Ok(()) } else { Err(self.list) }
    }
}

/// A JSON object as its pairs in order, a key that comes twice included: a map would keep the last one
/// silently.
pub(super) struct Pairs<V>(pub(super) Vec<(String, V)>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor<V>(std::marker::PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for PairsVisitor<V> {
            type Value = Pairs<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(PairsVisitor(std::marker::PhantomData))
    }
}

/// A few words for a JSON value that is not of the kind expected.
pub(super) fn describe(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "null".to_owned(),
        serde_json::Value::Bool(bool) => format!("`{bool}`"),
        serde_json::Value::Number(number) => format!("the number `{number}`"),
        serde_json::Value::String(text) => quoted(text),
        serde_json::Value::Array(elements) => format!("a list of {}", elements.len()),
        serde_json::Value::Object(object) => format!("an object of {} keys", object.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_is_escaped_and_cut() {
        assert_eq!(quoted("11.1\n"), "`11.1\\n`");
        let long = quoted(&"x".repeat(5_000));
        assert_eq!(long.len(), QUOTED_CHARS + 4, "{long}");
        assert!(long.ends_with("..`"), "{long}");
        let escaped = quoted(&"\u{feff}".repeat(5_000));
        assert_eq!(escaped.len(), QUOTED_CHARS + 4, "nine whole escapes of eight: {escaped}");
        assert_eq!(quoted(&"x".repeat(QUOTED_CHARS)).len(), QUOTED_CHARS + 2, "not cut");
    }

    #[test]
    fn what_another_parser_says_is_cut_and_stays_on_its_line() {
        assert_eq!(told(&"found \"x\",\nexpected `\u{1b}`"), "found \"x\",\\nexpected `\\u{1b}`");
        let long = told(&"é".repeat(5_000));
        assert_eq!(long.chars().count(), TOLD_CHARS + 2, "{long}");
    }

    #[test]
    fn a_key_that_comes_twice_is_kept_twice() {
        let pairs: Pairs<u8> = serde_json::from_str(r#"{"a": 1, "b": 2, "a": 3}"#).unwrap();
        assert_eq!(pairs.0, [("a".to_owned(), 1), ("b".to_owned(), 2), ("a".to_owned(), 3)]);
    }

    #[test]
    fn a_problem_names_file_place_value_and_remedy() {
        let problem = Problem {
            file: "hashes.csv".to_owned(),
            place: Place::Line(3),
            found: quoted("11.1"),
            remedy: "write MAJOR.MINOR.PATCH".to_owned(),
        };
        assert_eq!(problem.to_string(), "hashes.csv, line 3: found `11.1`; write MAJOR.MINOR.PATCH");
    }
}
