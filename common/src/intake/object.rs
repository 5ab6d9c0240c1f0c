//! A JSON object from outside, each of its fields once.
//!
//! Promises: a field that is given twice is refused. JSON lets the last one win, and whoever checked the first, as a proxy
//! before us may, would have let something else through. Leaves to others: what the fields mean.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Reads an object.
///
/// # Errors
/// Why it is none; nothing of it is repeated but the place.
pub fn object(body: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_slice(body).map(|Object(fields)| fields)
}

struct Object(Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields).map(Self)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Map::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if fields.insert(name, value).is_some() {
                return Err(A::Error::custom("a field is given twice"));
            }
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_given_twice_is_refused_and_its_place_told() {
        assert_eq!(object(br#"{"a": 1, "b": {"a": 2}}"#).unwrap().len(), 2);
        let twice = object(br#"{"devices": ["1"], "devices": "all"}"#).unwrap_err().to_string();
        assert!(twice.contains("twice") && twice.contains("line 1"), "{twice}");
        for other in ["[]", "1", "", "{", r#"{"a": 1} 2"#] {
            assert!(object(other.as_bytes()).is_err(), "{other}");
        }
    }
}
