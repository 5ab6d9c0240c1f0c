//! An event in one sentence, for a person who watches.
//!
//! Promises: says something for every event, also for one of a later release. What devices and people wrote comes
//! through as it is; whoever shows it escapes it. Leaves to others: branching, which nobody does on a sentence.

use serde_json::Value;

use super::Envelope;

impl Envelope {
    /// The word in the type: `completed` of `panos.job.completed.v1`; the whole type where it is built otherwise.
    #[must_use]
    pub fn word(&self) -> &str {
        let word = self.event_type.strip_prefix("panos.job.").and_then(|rest| rest.rsplit_once(".v"));
        word.map_or(self.event_type.as_str(), |(word, _)| word)
    }

    /// What happened, in one sentence without a full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        let data = Data(&self.data);
        match self.word() {
            "queued" => format!("queued by {}{}", data.text("operator"), data.reason()),
            "started" => format!("attempt {} by {}", data.text("attempt"), data.text("worker")),
            "planned" => planned(&data),
            "progress" => format!("{} %: {}", data.text("progress"), data.text("message")),
            "download_started" if data.text("adopted") == "true" => {
                format!(
                    "{} is being downloaded already (device job {})",
                    data.version(),
                    data.text("device_job")
                )
            }
            "download_started" => {
                format!("download of {} began (device job {})", data.version(), data.text("device_job"))
            }
            "image_present" => format!("{} is on the device", data.version()),
            "image_hash" => hash(&data),
            "hash_disputed" => format!(
                "the hash of {} differs from what other devices report: {} here, {} elsewhere",
                data.version(),
                data.text("found"),
                data.text("others")
            ),
            "device_silent" => format!("silent for {} s: {}", data.text("since_s"), data.text("message")),
            "retry_scheduled" => format!(
                "{}: {}; another attempt in {} s",
                data.text("kind"),
                data.text("message"),
                data.text("after_s")
            ),
            "snoozed" => format!("{}; again in {} s", data.text("message"), data.text("after_s")),
            "released" => "handed back by a worker that stops".to_owned(),
            "rescued" => format!("taken back from {}, which went silent", data.text("lost_worker")),
            "cancel_requested" => format!("{} asks for it to stop{}", data.text("operator"), data.reason()),
            "completed" => completed(&data),
            "failed" | "skipped" => format!("{}: {}", data.text("kind"), data.text("message")),
            "cancelled" => format!("cancelled by {}{}", data.text("operator"), data.reason()),
            _ => data.everything(),
        }
    }
}

fn planned(data: &Data<'_>) -> String {
    let missing = match data.text("missing") {
        none if none.is_empty() => "all of it is there".to_owned(),
        versions => format!("missing {versions}"),
    };
    format!("runs {}, path {}: {missing}", data.text("current_version"), data.text("path"))
}

fn hash(data: &Data<'_>) -> String {
    let version = data.version();
    match data.text("outcome").as_str() {
        "verified" => format!("{version} is verified ({})", data.text("evidence")),
        "mismatch" => format!(
            "HASH MISMATCH of {version}: {} expected, {} found ({})",
            data.text("expected"),
            data.text("found"),
            data.text("evidence")
        ),
        "not_reported" => format!("the device reports no hash of {version}"),
        "no_reference" => format!("the catalogue has no hash of {version}; found {}", data.text("found")),
        other => format!("hash of {version}: {other}"),
    }
}

fn completed(data: &Data<'_>) -> String {
    let ready = if data.text("ready_for_install") == "true" { "ready for install" } else { "not proved" };
    format!("{} on the device, {ready}", data.text("versions"))
}

/// `data` of an event, which may lack what we expect.
struct Data<'a>(&'a Value);

impl Data<'_> {
    /// A field as text; a list's parts behind each other; nothing for what is not there.
    fn text(&self, field: &str) -> String {
        self.0.get(field).map(text).unwrap_or_default()
    }

    fn version(&self) -> String {
        self.text("version")
    }

    fn reason(&self) -> String {
        match self.text("reason") {
            none if none.is_empty() => none,
            reason => format!(": {reason}"),
        }
    }

    /// All fields, for a type that is not known here.
    fn everything(&self) -> String {
        let fields = self.0.as_object().into_iter().flatten();
        fields.map(|(name, value)| format!("{name}={}", text(value))).collect::<Vec<_>>().join(" ")
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, data: &Value) -> Envelope {
        serde_json::from_value(serde_json::json!({
            "specversion": "1.0", "id": uuid::Uuid::nil(), "source": "/panos-upgrade", "type": kind,
            "subject": "0001", "time": "2026-11-23T14:00:00Z", "datacontenttype": "application/json",
            "jobid": 7, "jobsequence": 1, "data": data,
        }))
        .unwrap()
    }

    #[test]
    fn an_event_says_what_happened_and_why() {
        let queued =
            event("panos.job.queued.v1", &serde_json::json!({ "operator": "ann", "reason": "CHG-1" }));
        assert_eq!((queued.word(), queued.sentence().as_str()), ("queued", "queued by ann: CHG-1"));
        let planned =
            serde_json::json!({ "current_version": "10.2.9", "path": ["11.1.0", "11.1.4"], "missing": [] });
        assert_eq!(
            event("panos.job.planned.v1", &planned).sentence(),
            "runs 10.2.9, path 11.1.0, 11.1.4: all of it is there"
        );
    }

    #[test]
    fn an_event_of_a_later_release_says_what_it_has() {
        let later =
            event("panos.job.installed.v2", &serde_json::json!({ "version": "11.1.4", "took_s": 300 }));
        assert_eq!((later.word(), later.sentence().as_str()), ("installed", "took_s=300 version=11.1.4"));
        let poorer = event("panos.job.completed.v1", &Value::Null);
        assert_eq!(poorer.sentence(), " on the device, not proved");
        assert_eq!(event("elsewhere", &Value::Null).word(), "elsewhere");
    }
}
