//! Which events are shown: `FIELD=PATTERN`, `FIELD!=PATTERN`.
//!
//! Promises: a field that no event has, and a type that is none, are refused, because they would show nothing and look
//! like a quiet fleet. Leaves to others: the fields, which are the schemas' (`common::events::schema`).

use common::events::{Envelope, schema};
use serde_json::Value;

use crate::failure::Failure;

/// Other names of fields: what the CLI calls them elsewhere.
const ALSO: [(&str, &str); 3] = [("device", "subject"), ("serial", "subject"), ("job", "jobid")];

/// All conditions of a command; an event is shown when each of them holds.
#[derive(Debug, Default)]
pub(super) struct Filter {
    conditions: Vec<Condition>,
}

#[derive(Debug)]
struct Condition {
    field: String,
    /// One of them fits, or none may.
    patterns: Vec<String>,
    wanted: bool,
}

impl Filter {
    /// Adds a condition as it was typed.
    ///
    /// # Errors
    /// A [`Failure`] that names the part that cannot be used, and what could stand there.
    pub(super) fn add(&mut self, expression: &str) -> Result<(), Failure> {
        let Some((field, patterns)) = expression.split_once('=') else {
            return Err(Failure::usage(format!("the filter {expression:?} has no ="))
                .hint("FIELD=PATTERN or FIELD!=PATTERN, for example --filter 'kind=disk_*'"));
        };
        let (field, wanted) = match field.strip_suffix('!') {
            Some(field) => (field, false),
            None => (field, true),
        };
        let condition = Condition {
            field: known_field(field.trim())?,
            patterns: patterns.split(',').map(|pattern| pattern.trim().to_owned()).collect(),
            wanted,
        };
        if condition.field == "type" {
            condition.patterns.iter().try_for_each(|pattern| known_type(pattern))?;
        }
        self.conditions.push(condition);
        Ok(())
    }

    /// Whether the event is shown.
    pub(super) fn shows(&self, event: &Envelope) -> bool {
        self.conditions.iter().all(|condition| condition.holds(event))
    }
}

impl Condition {
    fn holds(&self, event: &Envelope) -> bool {
        let values = values(event, &self.field);
        let fits = |value: &String| self.patterns.iter().any(|pattern| fits(pattern, value));
        values.iter().any(fits) == self.wanted
    }
}

fn known_field(field: &str) -> Result<String, Failure> {
    if let Some((_, name)) = ALSO.iter().find(|(also, _)| *also == field) {
        return Ok((*name).to_owned());
    }
    let known = schema::fields();
    if known.contains(field) {
        return Ok(field.to_owned());
    }
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    Err(Failure::usage(format!("no event has a field {field:?}"))
        .hint(format!("fields are {}", names.join(", "))))
}

fn known_type(pattern: &str) -> Result<(), Failure> {
    let types = schema::all();
    let words: Vec<&str> = types.iter().map(|(kind, _)| word(kind)).collect();
    let is_known = |kind: &str| fits(pattern, kind) || fits(pattern, word(kind));
    if types.iter().any(|(kind, _)| is_known(kind)) {
        return Ok(());
    }
    Err(Failure::usage(format!("no event has the type {pattern:?}"))
        .hint(format!("types are {}", words.join(", "))))
}

/// `failed` of `panos.job.failed.v1`.
fn word(kind: &str) -> &str {
    kind.trim_start_matches("panos.job.").trim_end_matches(".v1")
}

/// The values of a field as text: several for a list and for the type, which has a short and a long form.
fn values(event: &Envelope, field: &str) -> Vec<String> {
    match field {
        "type" => vec![event.word().to_owned(), event.event_type.clone()],
        "id" => vec![event.id.to_string()],
        "subject" => vec![event.subject.clone()],
        "time" => vec![event.time.to_string()],
        "jobid" => vec![event.jobid.to_string()],
        "jobsequence" => vec![event.jobsequence.to_string()],
        "specversion" => vec![event.specversion.clone()],
        "source" => vec![event.source.clone()],
        "datacontenttype" => vec![event.datacontenttype.clone()],
        "traceparent" => event.traceparent.iter().cloned().collect(),
        in_data => event.data.get(in_data).map(texts).unwrap_or_default(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => vec![value.to_string()],
    }
}

/// Whether `text` is as the pattern says; `*` is any text, `?` one character. Goes back to the last `*` only, which
/// is enough and keeps it short whatever a device wrote.
fn fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut p, mut t) = (0, 0);
    // Behind the last `*`, and where in the text what it stands for ends so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match (pattern.get(p), star) {
            (Some('*'), _) => {
                p += 1;
                star = Some((p, t));
            }
            (Some(one), _) if *one == '?' || *one == text[t] => {
                p += 1;
                t += 1;
            }
            (_, Some((behind, end))) => {
                p = behind;
                t = end + 1;
                star = Some((behind, end + 1));
            }
            (_, None) => return false,
        }
    }
    pattern[p..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn failed() -> Envelope {
        serde_json::from_value(json!({
            "specversion": "1.0", "id": "019ab3c1-5d2e-7c41-9a3f-0c6f4d1b2e77", "source": "/panos-upgrade",
            "type": "panos.job.failed.v1", "subject": "007900000100103", "time": "2026-11-23T14:00:00Z",
            "datacontenttype": "application/json", "jobid": 7, "jobsequence": 9,
            "data": {
                "event": "failed", "kind": "disk_full", "attempt": 3, "message": "No room, 4 GB missing",
                "path": ["11.1.0", "11.1.4-h7"], "reason": null, "adopted": true,
            },
        }))
        .unwrap()
    }

    fn shows(expressions: &[&str]) -> bool {
        let mut filter = Filter::default();
        for expression in expressions {
            filter.add(expression).unwrap();
        }
        filter.shows(&failed())
    }

    #[test]
    fn an_event_is_shown_when_every_condition_holds() {
        for fitting in [
            &[][..],
            &["type=failed"],
            &["type=panos.job.*"],
            &["type=completed,FAILED"],
            &["kind=disk_*", "serial=0079*", "job=7", "attempt=3"],
            &["kind!=unreachable", "worker!=*"],
            &["path=11.1.4-h?"],
            &["message=*room*missing"],
            &["adopted=true"],
            &["reason!=*"],
        ] {
            assert!(shows(fitting), "{fitting:?}");
        }
        for other in [
            &["type=completed"][..],
            &["kind=disk"],
            &["kind=disk_*", "job=8"],
            &["kind!=unreachable,disk_full"],
            &["worker=*"],
            &["path=11.1"],
            &["reason=*"],
        ] {
            assert!(!shows(other), "{other:?}");
        }
    }

    #[test]
    fn a_condition_that_could_never_hold_is_refused() {
        for wrong in ["seral=1", "kind", "type=failde", "type=failed,compleet", "=x", "!=x"] {
            assert!(Filter::default().add(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_pattern_takes_no_longer_for_a_hostile_text() {
        let text = "a".repeat(20_000);
        assert!(!fits("*a*a*a*a*a*b", &text));
        assert!(fits("*a*a*a*a*a*", &text));
        assert!(fits("", "") && fits("**", "") && !fits("?", "") && fits("?", "é"));
    }
}
