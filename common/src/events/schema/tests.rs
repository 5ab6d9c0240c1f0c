//! The files in `docs/events` are what the types say, and events are what the files say.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{all, asyncapi, catalogue};
use crate::domain::failure::FailureKind;
use crate::domain::hash::{Evidence, HashOutcome, Sha256Hex};
use crate::domain::job::{BatchId, JobId, JobType};
use crate::domain::lease::WorkerId;
use crate::domain::status::Phase;
use crate::events::{EventDraft, JobContext, JobEvent};

/// Set to write the files anew.
const UPDATE: &str = "UPDATE_SCHEMAS";

/// What encloses the generated part of the page.
const MARKERS: [&str; 2] = ["<!-- generated: catalogue -->\n", "<!-- end of the generated part -->"];

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/events")
}

/// The file has this content; or gets it, when that is what the run is for.
fn held(name: &str, content: &str) {
    let path = directory().join(name);
    let mut found = fs::read_to_string(&path).unwrap_or_default();
    if std::env::var_os(UPDATE).is_some() && found != content {
        fs::write(&path, content).unwrap();
        content.clone_into(&mut found);
    }
    assert!(
        found == content,
        "docs/events/{name} is not what the types say: `{UPDATE}=1 cargo nextest run -p common schema` writes it"
    );
}

fn pretty(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}

#[test]
fn the_schemas_that_are_checked_in_are_those_of_the_types() {
    let schemas = all();
    for (kind, schema) in &schemas {
        held(&format!("{kind}.json"), &pretty(schema));
    }
    let mut known: Vec<String> = schemas.into_iter().map(|(kind, _)| format!("{kind}.json")).collect();
    known.extend(["README.md".to_owned(), "asyncapi.json".to_owned()]);
    for file in fs::read_dir(directory()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "docs/events/{name} belongs to no event");
    }
}

#[test]
fn the_asyncapi_schema_that_is_checked_in_is_that_of_the_types() {
    held("asyncapi.json", &pretty(&asyncapi()));
}

#[test]
fn the_catalogue_of_schemas_on_the_page_is_that_of_the_types() {
    let page = fs::read_to_string(directory().join("README.md")).unwrap();
    let (before, rest) = page.split_once(MARKERS[0]).expect("the page has a generated part");
    let (_, after) = rest.split_once(MARKERS[1]).expect("the generated part has an end");
    held("README.md", &format!("{before}{}{}{}{after}", MARKERS[0], catalogue(), MARKERS[1]));
}

#[test]
fn every_reference_of_the_asyncapi_schema_leads_somewhere() {
    fn references(of: &Value, found: &mut Vec<String>) {
        match of {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = asyncapi();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 4 * all().len(), "{found:?}");
    for reference in found {
        match reference.strip_prefix('#') {
            Some(pointer) => assert!(document.pointer(pointer).is_some(), "{reference}"),
            None => assert!(directory().join(&reference).is_file(), "{reference}"),
        }
    }
}

/// One event of every type. The match keeps it complete: a new variant does not compile without its line.
fn one_of_each() -> Vec<JobEvent> {
    let worker = || WorkerId("host-1-a".into());
    let hash = || Sha256Hex::of(b"image");
    let (version, file_name) = (|| "11.1.4-h7".to_owned(), || Some("PanOS_440-11.1.4-h7".to_owned()));
    let of = |outcome| JobEvent::ImageHash { version: version(), file_name: file_name(), outcome };
    let evidence = Evidence::DeviceReported;
    let operator = || "ann".to_owned();
    let reason = || Some("CHG-4711".to_owned());
    let message = || "a sentence".to_owned();
    let kind = FailureKind::DiskFull;
    let events = vec![
        JobEvent::Queued { operator: operator(), reason: None },
        JobEvent::Queued { operator: operator(), reason: reason() },
        JobEvent::Started { worker: worker() },
        JobEvent::Planned {
            current_version: "10.2.9".into(),
            path: vec!["11.1.0".into(), version()],
            missing: vec![version()],
            missing_bytes: 1 << 30,
        },
        JobEvent::Progress {
            phase: Phase::Queued,
            progress: 100,
            version: Some(version()),
            message: message(),
        },
        JobEvent::DownloadStarted { version: version(), device_job: 3448, adopted: true },
        JobEvent::ImagePresent { version: version() },
        of(HashOutcome::Verified { evidence }),
        of(HashOutcome::Mismatch { expected: hash(), found: Sha256Hex::of(b"other"), evidence }),
        of(HashOutcome::NotReported),
        of(HashOutcome::NoReference { found: hash(), evidence: Evidence::ComputedFromBytes }),
        JobEvent::HashDisputed {
            version: version(),
            file_name: None,
            found: hash().to_string(),
            others: vec![Sha256Hex::of(b"other").to_string()],
        },
        JobEvent::DeviceSilent { since_s: 61, message: message() },
        JobEvent::RetryScheduled { kind, message: message(), after_s: 30 },
        JobEvent::Snoozed { message: message(), after_s: 30 },
        JobEvent::Released,
        JobEvent::Rescued { lost_worker: worker() },
        JobEvent::CancelRequested { operator: operator(), reason: reason() },
        JobEvent::Completed { ready_for_install: true, versions: vec![version()] },
        JobEvent::Failed { kind, message: message() },
        JobEvent::Skipped { kind, message: message() },
        JobEvent::Cancelled { operator: operator(), reason: None },
    ];
    for (kind, _) in all() {
        assert!(
            events.iter().any(|event| kind == format!("panos.job.{}.v1", event.name())),
            "{kind} has no example here"
        );
    }
    events
}

fn published(event: &JobEvent) -> Value {
    let context = JobContext {
        job: JobId(7),
        job_type: JobType::DownloadOnly,
        serial: "007900000100103".parse().unwrap(),
        batch: BatchId(uuid::Uuid::nil()),
        attempt: 1,
    };
    let draft = EventDraft::new(&context, event, jiff::Timestamp::UNIX_EPOCH);
    serde_json::from_str(&draft.numbered(5)).unwrap()
}

/// The validator of the file that is checked in, with formats asserted.
fn validator(kind: &str) -> jsonschema::Validator {
    let text = fs::read_to_string(directory().join(format!("{kind}.json"))).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn check(event: &Value) -> Result<(), String> {
    let validator = validator(event["type"].as_str().unwrap());
    let problems: Vec<String> =
        validator.iter_errors(event).map(|error| format!("{}: {error}", error.instance_path())).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
}

#[test]
fn every_event_is_valid_by_the_schema_that_is_checked_in() {
    for event in one_of_each() {
        let event = published(&event);
        assert_eq!(check(&event), Ok(()), "{event:#}");
    }
}

#[test]
fn fields_and_words_of_a_later_release_are_valid_by_the_schema_of_today() {
    for event in one_of_each() {
        let mut event = published(&event);
        event["dataschema"] = "urn:example".into();
        event["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into();
        event["data"]["rack"] = json!({ "row": 7 });
        for word in ["kind", "phase", "evidence", "job_type"] {
            if event["data"].get(word).is_some() {
                event["data"][word] = "of_a_later_release".into();
            }
        }
        assert_eq!(check(&event), Ok(()), "{event:#}");
    }
}

#[test]
fn what_is_no_event_of_its_type_is_not_valid_by_the_schema() {
    let good = published(&JobEvent::Failed { kind: FailureKind::DiskFull, message: "full".into() });
    type Spoil = fn(&mut Value);
    let spoil: [(&str, Spoil); 7] = [
        ("another type", |event| event["data"]["event"] = "completed".into()),
        ("no id", |event| drop(event.as_object_mut().unwrap().remove("id"))),
        ("number 0", |event| event["jobsequence"] = 0.into()),
        ("another source", |event| event["source"] = "/elsewhere".into()),
        ("no sentence", |event| drop(event["data"].as_object_mut().unwrap().remove("message"))),
        ("a kind that is no word", |event| event["data"]["kind"] = "Disk full!".into()),
        ("a time that is none", |event| event["time"] = "yesterday".into()),
    ];
    for (what, spoil) in spoil {
        let mut event = good.clone();
        spoil(&mut event);
        assert!(check(&event).is_err(), "{what}: {event:#}");
    }
}

#[test]
fn no_schema_repeats_a_link_that_only_source_code_has() {
    for (kind, schema) in all() {
        let text = schema.to_string();
        assert!(!text.contains("[`") && !text.contains("::"), "{kind}: {text}");
        assert!(text.contains("2020-12") && !text.contains("\"$ref\""), "{kind}: {text}");
    }
}
