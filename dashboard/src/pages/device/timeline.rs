//! What was done to a device, by whom, newest first: attempts and audit entries on one line of time.

use common::audit::{Actor, EntryBody, StoredEntry};
use common::ledger::AttemptView;
use jiff::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use super::super::{text, times};
use super::chain::Verdict;
use super::{DeviceView, MAX_ENTRIES};

/// Characters of a hash by which two are told apart.
const SHORT_HASH: usize = 12;

/// The timeline, under what is known of the chain that holds it.
pub(super) fn timeline(view: &DeviceView) -> Markup {
    let moments = moments(&view.entries, &view.attempts);
    let serial = view.device.device.serial.as_str();
    html! {
        section.panel.wide aria-labelledby="timeline-title" {
            h2 #timeline-title { "Timeline" }
            (verdict(&view.verdict))
            @if moments.is_empty() {
                p.quiet { "Nothing was done to this device yet." }
            } @else {
                ol #timeline { @for moment in &moments { (moment.shown()) } }
                @if view.entries.first().is_some_and(|entry| entry.seq > 1) {
                    p.quiet { "Only the newest " (MAX_ENTRIES) " entries. All of them: "
                        (text::command(&format!("panos-upgrade audit list --device {serial}"))) }
                }
            }
        }
    }
}

fn verdict(verdict: &Verdict) -> Markup {
    html! {
        div.verdict data-chain=(verdict.as_str()) {
            @match verdict {
                Verdict::Whole { entries } => {
                    span.mark.good { "✓ chain whole" } " "
                    span.quiet { (text::counted(*entries, "entry").replace("entrys", "entries")) " recomputed; no hash differs." }
                }
                Verdict::Broken { seq, reason } => {
                    span.mark.bad { "✕ chain broken" }
                    " At entry " (seq) ": " (text::cell(reason)) ". Compare with anchors that were kept elsewhere: "
                    (text::command("panos-upgrade audit verify"))
                }
                Verdict::Unchecked { reason } => {
                    span.mark.plain { "? chain not checked" } " " span.quiet { (reason) ". " }
                    (text::command("panos-upgrade audit verify"))
                }
            }
        }
    }
}

/// One point on the line.
struct Moment<'a> {
    at: Timestamp,
    /// Among moments of the same time.
    order: i64,
    who: String,
    what: String,
    detail: String,
    /// The entry that proves it; attempts are proved by the entries around them.
    entry: Option<&'a StoredEntry>,
}

fn moments<'a>(entries: &'a [StoredEntry], attempts: &[AttemptView]) -> Vec<Moment<'a>> {
    let since = entries.first().map(|entry| entry.at);
    let entries = entries.iter().map(of_entry);
    // Attempts that began before the oldest entry shown would stand at the end without what belongs to them.
    let attempts = attempts.iter().filter(|attempt| since.is_none_or(|since| attempt.started_at >= since));
    let mut moments: Vec<Moment<'_>> = entries.chain(attempts.map(of_attempt)).collect();
    moments.sort_by_key(|moment| std::cmp::Reverse((moment.at, moment.order)));
    moments
}

fn of_entry(entry: &StoredEntry) -> Moment<'_> {
    let order = entry.seq;
    match serde_json::from_slice::<EntryBody>(&entry.body) {
        Ok(body) => {
            let action = serde_json::to_value(body.action).ok();
            let what = action.as_ref().and_then(Value::as_str).map(text::words).unwrap_or_default();
            let detail = in_words(&body.detail);
            // The database's clock, as attempts have it: a worker's own may be wrong, and this is one line of time.
            Moment { at: entry.at, order, who: actor(&body.actor), what, detail, entry: Some(entry) }
        }
        Err(_) => Moment {
            at: entry.at,
            order,
            who: "unknown".to_owned(),
            what: "an entry that cannot be read".to_owned(),
            detail: String::from_utf8_lossy(&entry.body).into_owned(),
            entry: Some(entry),
        },
    }
}

fn of_attempt<'a>(attempt: &AttemptView) -> Moment<'a> {
    let ending = match (&attempt.ending, attempt.ended_at) {
        (Some(ending), Some(at)) => {
            let lasted = times::length(times::between(attempt.started_at, at));
            format!("{} after {lasted}", text::words(ending))
        }
        (Some(ending), None) => text::words(ending),
        (None, _) => "running".to_owned(),
    };
    let kind = attempt.kind.map(|kind| text::words(kind.as_str()));
    let said = [kind, attempt.message.clone()].into_iter().flatten().collect::<Vec<_>>().join(": ");
    Moment {
        at: attempt.started_at,
        order: -1,
        who: attempt.worker.to_string(),
        what: format!("attempt {}: {ending}", attempt.attempt),
        detail: said,
        entry: None,
    }
}

fn actor(actor: &Actor) -> String {
    match actor {
        Actor::Operator(by) => match &by.reason {
            Some(reason) => format!("{} on {}, because: {reason}", by.operator, by.host),
            None => format!("{} on {}", by.operator, by.host),
        },
        Actor::Worker { id } => id.to_string(),
        Actor::System => "the system".to_owned(),
    }
}

/// Particulars as `name value` pairs, without those that say nothing; what is nested deeper stays JSON.
fn in_words(detail: &Value) -> String {
    match detail {
        Value::Object(fields) => {
            let said = fields.iter().filter(|(_, value)| says_something(value));
            let pairs = said.map(|(name, value)| format!("{} {}", text::words(name), one(value)));
            pairs.collect::<Vec<_>>().join(" · ")
        }
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => one(detail),
    }
}

fn one(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) if values.iter().all(Value::is_string) => {
            values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(values) => !values.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

impl Moment<'_> {
    fn shown(&self) -> Markup {
        let key = match self.entry {
            Some(entry) => format!("entry-{}", entry.seq),
            None => format!("attempt-{}", self.at),
        };
        let hash = self.entry.map(|entry| entry.hash.to_string());
        html! {
            li data-key=(key) class=[self.entry.is_none().then_some("attempt")] {
                span.when { (times::ago(self.at)) }
                div.what {
                    strong { (text::cell(&self.what)) } " "
                    span.quiet { (text::cell(&self.who)) }
                    @if let Some(job) = self.entry.and_then(|entry| entry.job) { " " span.quiet { "job " (job) } }
                    @if !self.detail.is_empty() { div.detail { (text::long(&self.detail)) } }
                }
                @if let (Some(entry), Some(hash)) = (self.entry, hash.as_deref()) {
                    code.proof title={ "Entry " (entry.seq) ", SHA-256 " (hash) } { "#" (entry.seq) " " (&hash[..SHORT_HASH]) }
                }
            }
        }
    }
}
