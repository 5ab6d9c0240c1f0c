//! The event feed as a contract: one JSON Schema per type of event, an AsyncAPI document, a catalogue.
//!
//! Promises: all three are made from the types that the events are made from, so they cannot say anything else;
//! the copies in `docs/events` are held to them by a test. An event that is published today is valid by its schema,
//! and so is one with fields, and with words in enumerated fields, that a later release adds.
//!
//! Leaves to others: writing the files, which is that test's when it is told to.

mod asyncapi;
mod catalogue;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::envelope::{Envelope, SOURCE, event_type};
use super::job::{JobContext, JobEvent};

pub use asyncapi::asyncapi;
pub use catalogue::catalogue;

/// The dialect of every schema here.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// How a word looks that an enumerated field gets in a later release.
const WORD: &str = "^[a-z][a-z0-9_]*$";

/// Every type of event in the order of [`JobEvent`], with the JSON Schema of the whole CloudEvent.
#[must_use]
pub fn all() -> Vec<(String, Value)> {
    let types = EventType::all();
    types.into_iter().map(|of| (event_type(&of.name), of.schema())).collect()
}

/// The names of all fields that an event has, in the envelope or in `data`, whatever its type.
#[must_use]
pub fn fields() -> BTreeSet<String> {
    fn names(of: &Value, found: &mut BTreeSet<String>) {
        if let Some(properties) = of.get("properties").and_then(Value::as_object) {
            found.extend(properties.keys().cloned());
            properties.values().for_each(|property| names(property, found));
        }
        for alternative in of.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
            names(alternative, found);
        }
    }
    let mut found = BTreeSet::new();
    for (_, schema) in all() {
        names(&schema, &mut found);
    }
    found
}

/// What the derived schemas say about one variant of [`JobEvent`].
struct EventType {
    /// The word in type and routing key.
    name: String,
    /// One sentence.
    summary: String,
    /// Particulars, without the context.
    particulars: Map<String, Value>,
}

impl EventType {
    /// All of them, in the order of the variants.
    fn all() -> Vec<Self> {
        let mut variants = match object(schema_of::<JobEvent>()).remove("oneOf") {
            Some(Value::Array(variants)) => variants,
            Some(_) | None => Vec::new(),
        };
        variants.drain(..).filter_map(|variant| Self::read(object(variant))).collect()
    }

    fn read(mut particulars: Map<String, Value>) -> Option<Self> {
        let name = particulars.get("properties")?.get("event")?.get("const")?.as_str()?.to_owned();
        let summary = match particulars.remove("description") {
            Some(Value::String(text)) => text,
            Some(_) | None => String::new(),
        };
        let _ =
            particulars.get_mut("properties")?.as_object_mut()?.get_mut("event")?.as_object_mut()?.insert(
                "description".to_owned(),
                "The word in `type`, once more: for readers that keep only `data`.".into(),
            );
        Some(Self { name, summary, particulars })
    }

    /// The whole event: the envelope with its constants, and `data` with context and particulars.
    fn schema(self) -> Value {
        let kind = event_type(&self.name);
        let mut schema = object(schema_of::<Envelope>());
        schema.insert("$id".to_owned(), format!("urn:panos-upgrade:event:{kind}").into());
        schema.insert("title".to_owned(), kind.clone().into());
        schema.insert("description".to_owned(), self.summary.clone().into());
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            for (name, value) in [
                ("specversion", "1.0"),
                ("source", SOURCE),
                ("type", kind.as_str()),
                ("datacontenttype", "application/json"),
            ] {
                if let Some(property) = properties.get_mut(name).and_then(Value::as_object_mut) {
                    property.insert("const".to_owned(), value.into());
                }
            }
            properties.insert("data".to_owned(), Value::Object(self.data()));
        }
        Value::Object(schema)
    }

    /// Context and particulars as one object, as [`JobEvent::data`] makes it.
    fn data(self) -> Map<String, Value> {
        let mut data = object(schema_of::<JobContext>());
        data.remove("$schema");
        data.remove("title");
        data.insert("description".to_owned(), "What happened: context and particulars.".into());
        for (keyword, value) in self.particulars {
            match (data.get_mut(&keyword), value) {
                (Some(Value::Object(there)), Value::Object(more)) => there.extend(more),
                (Some(Value::Array(there)), Value::Array(more)) => there.extend(more),
                (Some(_), _) => {}
                (None, value) => {
                    data.insert(keyword, value);
                }
            }
        }
        data
    }
}

/// The schema of what a type looks like when we write it, in one piece, with enumerated words left open.
fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = Some(DIALECT.into());
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    RecursiveTransform(leave_words_open).transform(&mut schema);
    schema.to_value()
}

/// Makes an enumeration of words a list of the known ones: a consumer that checks by a schema of today has to take
/// the event of tomorrow whose failure has a new kind.
fn leave_words_open(schema: &mut Schema) {
    let is_word =
        |one: &Value| one.get("type").is_some_and(|of| of == "string") && one.get("const").is_some();
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(words)) = object.get("enum") {
        let known: Vec<Value> = words.iter().map(|word| json!({ "const": word })).collect();
        object.remove("enum");
        object.insert("oneOf".to_owned(), known.into());
    } else if !matches!(object.get("oneOf"), Some(Value::Array(words)) if words.iter().all(is_word)) {
        return;
    }
    let Some(Value::Array(mut words)) = object.remove("oneOf") else { return };
    for word in words.iter_mut().filter_map(Value::as_object_mut) {
        word.remove("type");
    }
    words.push(json!({ "pattern": WORD, "description": "A word of a later release." }));
    object.insert("type".to_owned(), "string".into());
    object.insert("anyOf".to_owned(), words.into());
}

/// A JSON object's fields; none of anything else.
fn object(of: Value) -> Map<String, Value> {
    match of {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}
