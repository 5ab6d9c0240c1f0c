//! Takes fields out of an object and notes what is wrong with them.
//!
//! Promises: goes on after a problem, up to [`MAX_PROBLEMS`] of them; what came from outside is cut and escaped where
//! it is repeated. Leaves to others: which fields there are.

use serde_json::{Map, Value};

use super::Chosen;
use crate::domain::device::Serial;
use crate::domain::select::Selector;
use crate::domain::version::Version;

/// Most serials that are asked for at once.
pub const MAX_SERIALS: usize = 10_000;

/// Longest explicit path; no way between two releases is nearly as long.
const MAX_PATH: usize = 20;

/// Most expressions that choose devices.
const MAX_SELECTORS: usize = 20;

/// Longest text that goes into the audit trail, in characters.
const MAX_TEXT: usize = 200;

/// Problems that are told at once; a body with more is another document.
const MAX_PROBLEMS: usize = 20;

/// Why a body cannot be understood: everything that is wrong with it, at most `MAX_PROBLEMS` lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct BadBody(pub Vec<String>);

/// Takes fields out of an object and notes what is wrong with them.
pub(super) struct Reader<'a> {
    fields: &'a Map<String, Value>,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(fields: &'a Map<String, Value>, known: &[&str]) -> Self {
        let mut reader = Self { fields, problems: Vec::new() };
        for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
            let name: String = name.chars().take(40).collect();
            reader.problem(format!(
                "`{}`: no such field; there are {}",
                name.escape_debug(),
                known.join(", ")
            ));
        }
        reader
    }

    /// Notes one.
    pub(super) fn problem(&mut self, problem: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem.into());
        }
    }

    /// A field that is there and not `null`.
    fn given(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let value = self.given(name)?;
        let text = value.as_str().map(str::to_owned);
        if text.is_none() {
            self.problem(format!("{name}: not a text"));
        }
        text
    }

    /// A text for the audit trail.
    pub(super) fn short(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let text = text.trim();
        if text.chars().count() > MAX_TEXT {
            self.problem(format!("{name}: longer than {MAX_TEXT} characters"));
        } else if text.chars().any(char::is_control) {
            self.problem(format!("{name}: holds a control character"));
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    pub(super) fn flag(&mut self, name: &str) -> bool {
        let Some(value) = self.given(name) else { return false };
        let flag = value.as_bool();
        if flag.is_none() {
            self.problem(format!("{name}: neither true nor false"));
        }
        flag.unwrap_or(false)
    }

    pub(super) fn version(&mut self, name: &str, text: &str) -> Option<Version> {
        match text.parse() {
            Ok(version) => Some(version),
            Err(error) => {
                self.problem(format!("{name}: {error}"));
                None
            }
        }
    }

    pub(super) fn path(&mut self) -> Option<Vec<Version>> {
        let value = self.given("path")?;
        let Some(list) = value.as_array().filter(|list| (1..=MAX_PATH).contains(&list.len())) else {
            self.problem(format!("path: not a list of 1 to {MAX_PATH} versions"));
            return None;
        };
        let mut path = Vec::new();
        for (index, version) in list.iter().enumerate() {
            match version.as_str() {
                Some(text) => path.extend(self.version(&format!("path[{index}]"), text)),
                None => self.problem(format!("path[{index}]: not a text")),
            }
        }
        Some(path)
    }

    pub(super) fn devices(&mut self) -> Option<Chosen> {
        const WHAT: &str = "a list of serials, \"all\", or {\"select\": \"model=PA-440\"}";
        match self.given("devices") {
            Some(Value::String(word)) if word == "all" => Some(Chosen::All),
            Some(Value::Array(serials)) => self.serials(serials),
            Some(Value::Object(fields)) if fields.len() == 1 && fields.contains_key("select") => {
                let texts: Option<Vec<&str>> = match &fields["select"] {
                    Value::String(text) => Some(vec![text]),
                    Value::Array(texts) => texts.iter().map(Value::as_str).collect(),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
                };
                let Some(texts) = texts.filter(|texts| (1..=MAX_SELECTORS).contains(&texts.len())) else {
                    self.problem("devices.select: neither a text nor a short list of texts");
                    return None;
                };
                let mut selectors = Vec::new();
                for text in texts {
                    match Selector::parse(text) {
                        Ok(selector) => selectors.push(selector),
                        Err(error) => self.problem(format!("devices.select: {error}")),
                    }
                }
                Some(Chosen::Select(selectors))
            }
            Some(_) => {
                self.problem(format!("devices: has to be {WHAT}"));
                None
            }
            None => {
                self.problem(format!("devices: missing; give {WHAT}"));
                None
            }
        }
    }

    fn serials(&mut self, list: &[Value]) -> Option<Chosen> {
        if list.is_empty() || list.len() > MAX_SERIALS {
            self.problem(format!(
                "devices: {} serials, 1 to {MAX_SERIALS} can be asked for at once",
                list.len()
            ));
            return None;
        }
        let mut serials = Vec::with_capacity(list.len());
        for (index, serial) in list.iter().enumerate() {
            match serial.as_str().map(Serial::parse) {
                Some(Ok(serial)) => serials.push(serial),
                Some(Err(error)) => self.problem(format!("devices[{index}]: {error}")),
                None => self.problem(format!("devices[{index}]: not a text")),
            }
        }
        Some(Chosen::Serials(serials))
    }

    /// Whether nothing was wrong so far.
    pub(super) fn is_content(&self) -> bool {
        self.problems.is_empty()
    }

    /// What was read, if nothing was wrong.
    pub(super) fn end<T>(self, read: T) -> Result<T, BadBody> {
        if self.problems.is_empty() { Ok(read) } else { Err(BadBody(self.problems)) }
    }
}
