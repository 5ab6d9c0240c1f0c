//! The schemas of what other programs may send, as files of the documentation.
//!
//! Made from the types, so that they cannot tell another story; a test holds the files in `docs/commands` to it.

use common::broker::command::CommandBody;
use common::intake::submission::SubmissionBody;
use schemars::schema_for;
use serde_json::Value;

/// Name of the file, and the schema.
#[must_use]
pub fn all() -> [(&'static str, Value); 2] {
    [
        ("submit.json", schema_for!(SubmissionBody).to_value()),
        ("command.json", schema_for!(CommandBody).to_value()),
    ]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn schema(name: &str) -> Value {
        all().into_iter().find(|(file, _)| *file == name).unwrap().1
    }

    #[test]
    fn the_files_are_the_schemas() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/commands");
        for (name, schema) in all() {
            let file = directory.join(name);
            let wanted = serde_json::to_string_pretty(&schema).unwrap() + "\n";
            if std::env::var_os("UPDATE_SCHEMAS").is_some() {
                std::fs::write(&file, &wanted).unwrap();
            }
            let found = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(found, wanted, "{name} is stale: run the test with UPDATE_SCHEMAS=1");
        }
    }

    #[test]
    fn the_schemas_take_what_the_reader_takes_and_refuse_unknown_fields() {
        let submission = jsonschema::validator_for(&schema("submit.json")).unwrap();
        let command = jsonschema::validator_for(&schema("command.json")).unwrap();
        for fields in [
            json!({"devices": ["01"], "target": "11.1.4-h7"}),
            json!({"devices": "all", "path": ["11.1.0", "11.1.4-h7"], "dry_run": true}),
            json!({"devices": {"select": "model=PA-440"}, "reason": "CHG-1"}),
            json!({"devices": {"select": ["model=PA-440", "version<11.1.0"]}, "requested_by": "alice"}),
        ] {
            assert!(common::intake::Submission::parse(&fields).is_ok(), "{fields}");
            assert!(submission.is_valid(&fields), "{fields}");
            let mut message = fields;
            message["v"] = json!(1);
            message["id"] = json!("chg-1");
            message["command"] = json!("submit");
            let read = common::broker::Command::parse(message.to_string().as_bytes(), "");
            assert!(read.is_ok() && command.is_valid(&message), "{message}");
        }
        for fields in [json!({"devices": "all", "force": true}), json!({"devices": []}), json!({})] {
            assert!(common::intake::Submission::parse(&fields).is_err(), "{fields}");
            assert!(!submission.is_valid(&fields), "{fields}");
        }
    }
}
