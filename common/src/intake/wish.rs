//! What a program may ask for, read from JSON.
//!
//! Promises: all problems of a wish are told together, each with its field and what to do; an unknown field is refused,
//! because a wish that was meant otherwise must not be half understood. Texts that go into the audit trail are short
//! and hold no control characters. Leaves to others: whether the devices exist ([`super::Intake`]), who may ask.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::plan::Wanted;
use crate::domain::device::{Device, Serial};
use crate::domain::select::{self, Selector};
use crate::domain::version::Version;

/// Most serials of one wish.
pub const MAX_SERIALS: usize = 10_000;

/// Longest explicit path; no way between two releases is nearly as long.
const MAX_PATH: usize = 20;

/// Longest text that goes into the audit trail, in characters.
const MAX_TEXT: usize = 200;

/// Problems that are told at once; a wish with more is another document.
const MAX_PROBLEMS: usize = 20;

/// Fields of a wish.
const FIELDS: [&str; 6] = ["devices", "target", "path", "reason", "dry_run", "requested_by"];

/// The devices of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// These.
    Serials(Vec<Serial>),
    /// All that are not gone.
    All,
    /// Those for which all expressions hold.
    Select(Vec<Selector>),
}

/// One batch of jobs that a program wants.
#[derive(Debug, Clone)]
pub struct Wish {
    /// For which devices.
    pub devices: Chosen,
    /// The version, where the wish names one.
    pub target: Option<Version>,
    /// The path, where the wish names one.
    pub path: Option<Vec<Version>>,
    /// Reason or ticket.
    pub reason: Option<String>,
    /// Whether only to tell what would happen.
    pub dry_run: bool,
    /// Who wants it, as the program says.
    pub requested_by: Option<String>,
}

/// The body of a wish, as it is described to programs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WishBody {
    /// Which devices.
    pub devices: DevicesBody,
    /// Version to bring them to. Without `target` and `path` it is `plan.target` of the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Exactly these versions in this order, the target last; instead of `target`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20))]
    pub path: Option<Vec<String>>,
    /// Reason or ticket, kept in the audit trail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub reason: Option<String>,
    /// Only tells what would be queued.
    #[serde(default)]
    pub dry_run: bool,
    /// Who wants it, kept in the audit trail beside the name of the door.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub requested_by: Option<String>,
}

/// Which devices, as it is described to programs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DevicesBody {
    /// These serials.
    Serials(#[schemars(length(min = 1, max = 10_000))] Vec<Serial>),
    /// Every device of the inventory.
    All(AllWord),
    /// Those that expressions choose.
    Select(SelectBody),
}

/// The word for every device.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllWord {
    /// Every device of the inventory.
    All,
}

/// Expressions as the command line's `--select` takes them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectBody {
    /// One expression, or a list of which all have to hold.
    pub select: OneOrMany,
}

/// One text or several.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// Why a wish cannot be understood: everything that is wrong with it, at most [`MAX_PROBLEMS`] lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct BadWish(pub Vec<String>);

impl Wish {
    /// Reads a wish.
    ///
    /// # Errors
    /// [`BadWish`] with everything that is wrong.
    pub fn parse(value: &Value) -> Result<Self, BadWish> {
        let Value::Object(fields) = value else {
            return Err(BadWish(vec!["the body is no JSON object".to_owned()]));
        };
        let mut reader = Reader::new(fields, &FIELDS);
        let devices = reader.devices();
        let target = reader.text("target").and_then(|text| reader.version("target", &text));
        let path = reader.path();
        if target.is_some() && path.is_some() {
            reader.problem("target, path: a wish has one of them; leave the other out");
        }
        let wish = Self {
            devices: devices.unwrap_or(Chosen::Serials(Vec::new())),
            target,
            path,
            reason: reader.short("reason"),
            dry_run: reader.flag("dry_run"),
            requested_by: reader.short("requested_by"),
        };
        reader.end(wish)
    }

    /// The goal, by the wish or else by `default`.
    #[must_use]
    pub fn wanted(&self, default: Wanted) -> Wanted {
        if self.target.is_some() || self.path.is_some() {
            Wanted { target: self.target, path: self.path.clone(), paths: None }
        } else {
            default
        }
    }

    /// Those devices of the inventory that are meant, and the serials that it does not have.
    #[must_use]
    pub fn chosen(&self, inventory: Vec<Device>) -> (Vec<Device>, Vec<Serial>) {
        match &self.devices {
            Chosen::All => (inventory, Vec::new()),
            Chosen::Select(selectors) => {
                let chosen = inventory.into_iter().filter(|device| select::all_match(selectors, device));
                (chosen.collect(), Vec::new())
            }
            Chosen::Serials(serials) => {
                let mut missing: BTreeSet<&Serial> = serials.iter().collect();
                let chosen = inventory.into_iter().filter(|device| missing.remove(&device.serial)).collect();
                (chosen, missing.into_iter().cloned().collect())
            }
        }
    }
}

/// Who asks and why, for what has no other fields: a cancel, a retry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// Reason or ticket, kept in the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub reason: Option<String>,
    /// Who wants it, kept in the audit trail beside the name of the door.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub requested_by: Option<String>,
}

impl Because {
    /// Reads it; the reason has to be there.
    ///
    /// # Errors
    /// [`BadWish`] with everything that is wrong.
    pub fn parse(value: &Value) -> Result<Self, BadWish> {
        let Value::Object(fields) = value else {
            return Err(BadWish(vec!["the body is no JSON object".to_owned()]));
        };
        let mut reader = Reader::new(fields, &["reason", "requested_by"]);
        let because = Self { reason: reader.short("reason"), requested_by: reader.short("requested_by") };
        if because.reason.is_none() && reader.problems.is_empty() {
            reader.problem("reason: missing; the audit trail keeps why this was done");
        }
        reader.end(because)
    }
}

/// Takes fields out of an object and notes what is wrong with them.
struct Reader<'a> {
    fields: &'a Map<String, Value>,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(fields: &'a Map<String, Value>, known: &[&str]) -> Self {
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

    fn problem(&mut self, problem: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem.into());
        }
    }

    /// A field that is there and not `null`.
    fn given(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let value = self.given(name)?;
        let text = value.as_str().map(str::to_owned);
        if text.is_none() {
            self.problem(format!("{name}: not a text"));
        }
        text
    }

    /// A text for the audit trail.
    fn short(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let text = text.trim();
        if text.chars().count() > MAX_TEXT {
            self.problem(format!("{name}: longer than {MAX_TEXT} characters"));
        } else if text.chars().any(char::is_control) {
            self.problem(format!("{name}: holds a control character"));
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn flag(&mut self, name: &str) -> bool {
        let Some(value) = self.given(name) else { return false };
        let flag = value.as_bool();
        if flag.is_none() {
            self.problem(format!("{name}: neither true nor false"));
        }
        flag.unwrap_or(false)
    }

    fn version(&mut self, name: &str, text: &str) -> Option<Version> {
        match text.parse() {
            Ok(version) => Some(version),
            Err(error) => {
                self.problem(format!("{name}: {error}"));
                None
            }
        }
    }

    fn path(&mut self) -> Option<Vec<Version>> {
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

    fn devices(&mut self) -> Option<Chosen> {
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
                let Some(texts) = texts.filter(|texts| (1..=MAX_PATH).contains(&texts.len())) else {
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
            self.problem(format!("devices: {} serials, a wish has 1 to {MAX_SERIALS}", list.len()));
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

    fn end<T>(self, read: T) -> Result<T, BadWish> {
        if self.problems.is_empty() { Ok(read) } else { Err(BadWish(self.problems)) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wish_reads_in_each_of_its_forms() {
        let wish = Wish::parse(&json!({"devices": ["01", "02"], "target": "11.1.4-h7", "reason": " CHG-1 "}))
            .unwrap();
        assert_eq!(wish.devices, Chosen::Serials(vec!["01".parse().unwrap(), "02".parse().unwrap()]));
        assert_eq!((wish.reason.as_deref(), wish.dry_run), (Some("CHG-1"), false));
        let wish = Wish::parse(&json!({"devices": "all", "path": ["11.1.0", "11.1.4-h7"], "dry_run": true}))
            .unwrap();
        assert_eq!((wish.devices, wish.path.unwrap().len(), wish.dry_run), (Chosen::All, 2, true));
        let wish = Wish::parse(&json!({"devices": {"select": ["model=PA-440", "version<11.1.0"]}})).unwrap();
        assert!(matches!(wish.devices, Chosen::Select(selectors) if selectors.len() == 2));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_with_its_field() {
        let wish = json!({"device": "01", "devices": ["", 7], "target": "eleven", "path": [], "dry_run": "no",
                          "reason": "a\nb", "requested_by": "x".repeat(201)});
        let BadWish(problems) = Wish::parse(&wish).unwrap_err();
        let fields: Vec<&str> = problems.iter().map(|problem| problem.split(':').next().unwrap()).collect();
        assert_eq!(
            fields,
            ["`device`", "devices[0]", "devices[1]", "target", "path", "reason", "dry_run", "requested_by"]
        );
        assert!(problems[0].contains("there are devices, target"), "{}", problems[0]);
        assert!(Wish::parse(&json!([])).is_err());
        assert!(Wish::parse(&json!({"devices": "all", "target": "11.1.0", "path": ["11.1.0"]})).is_err());
        let many: Vec<String> = (0..=MAX_SERIALS).map(|n| n.to_string()).collect();
        assert!(Wish::parse(&json!({"devices": many})).is_err());
    }

    #[test]
    fn a_cancel_says_why() {
        assert!(Because::parse(&json!({})).is_err());
        assert!(Because::parse(&json!({"reason": "  "})).is_err());
        assert!(Because::parse(&json!({"reason": "CHG-1", "force": true})).is_err());
        assert_eq!(Because::parse(&json!({"reason": "CHG-1"})).unwrap().reason.as_deref(), Some("CHG-1"));
    }
}
