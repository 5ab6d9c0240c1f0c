//! The catalogue of events as a page for people: one table, and the particulars of each type.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::EventType;
use crate::events::envelope::event_type;

/// Markdown: what every event says, a table of all types, and a table of particulars for each.
#[must_use]
pub fn catalogue() -> String {
    let types = EventType::all();
    let mut page = String::from("| event | when | schema |\n|---|---|---|\n");
    for of in &types {
        let kind = event_type(&of.name);
        // Writing to a string does not fail.
        let _ = writeln!(page, "| [`{0}`](#{0}) | {1} | [{kind}]({kind}.json) |", of.name, of.summary);
    }
    for of in &types {
        let _ = write!(page, "\n### {}\n\n{}\n", of.name, of.summary);
        let mut fields = fields(&of.particulars);
        fields.retain(|(name, ..)| name != "event");
        if !fields.is_empty() {
            page.push_str("\n| field | is | says |\n|---|---|---|\n");
        }
        for (name, is, says) in fields {
            let _ = writeln!(page, "| `{name}` | {is} | {says} |");
        }
    }
    page
}

/// Name, type and description of the fields, those of alternatives with the word that they come with.
fn fields(schema: &Map<String, Value>) -> Vec<(String, String, String)> {
    let mut fields = properties(schema);
    let alternatives = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    for alternative in alternatives.filter_map(Value::as_object) {
        let mut of_this = properties(alternative);
        let word = |(_, is, _): &(String, String, String)| is.starts_with('"');
        let Some(tag) = of_this.iter().position(word).map(|at| of_this.remove(at)) else { continue };
        let meaning = alternative.get("description").and_then(Value::as_str).unwrap_or_default();
        let with: Vec<String> = of_this.iter().map(|(name, ..)| format!("`{name}`")).collect();
        let with = if with.is_empty() { String::new() } else { format!(" With {}.", with.join(", ")) };
        fields.push((tag.0, tag.1, format!("{meaning}{with}")));
        for field in of_this {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
    }
    fields
}

fn properties(schema: &Map<String, Value>) -> Vec<(String, String, String)> {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let described = |(name, of): (&String, &Value)| {
        let says = of.get("description").and_then(Value::as_str).unwrap_or_default();
        (name.clone(), kind_of(of), says.replace('\n', " "))
    };
    properties.map(described).collect()
}

/// What a field is, in a word or two.
fn kind_of(schema: &Value) -> String {
    if let Some(word) = schema.get("const").and_then(Value::as_str) {
        return format!("\"{word}\"");
    }
    if schema.get("anyOf").is_some() {
        return "word".to_owned();
    }
    if schema.get("format").is_some_and(|format| format == "uuid") {
        return "UUID".to_owned();
    }
    let of = |of: &Value| match of.as_str() {
        Some("integer") => "number".to_owned(),
        Some("string") => "text".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => {
            let one = schema.get("items").map(kind_of).unwrap_or_default();
            format!("list of {one}")
        }
        Some(other) => other.to_owned(),
        None => String::new(),
    };
    match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().map(of).collect::<Vec<_>>().join(" or "),
        Some(kind) => of(kind),
        None => String::new(),
    }
}
