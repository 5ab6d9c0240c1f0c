//! `events tail`: the feed, one line per event.
//!
//! Promises: JSON is the event as it was published; whatever ends it in order tells the offset to go on from, on stderr.
//! A message that is no event of ours is told and passed over. Leaves to others: following the log (`common::broker`).

use std::io;
use std::time::Duration;

use common::broker::{EventFeed, LoggedEvent};
use common::engine::Engine;
use common::events::Envelope;
use jiff::Timestamp;
use serde_json::Value;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::check::Check;
use super::filter::Filter;
use super::from;
use crate::cli::{Format, TailArgs};
use crate::context::{Context, serial};
use crate::exit;
use crate::output::{Output, json_text, note, time};

/// After this long without an event `--until-idle` looks whether jobs wait or run. Relays publish within a
/// second, so nothing is under way any more when there are none.
const QUIET: Duration = Duration::from_secs(2);

/// Characters of a sentence on a terminal: a device's answer may be long.
const SENTENCE: usize = 400;

/// Why the command is at its end.
enum End {
    /// A signal, the limit, or nothing to wait for.
    InOrder,
    /// Nobody told us to, and nothing comes: look whether there is something to wait for.
    Quiet,
}

/// Follows events until something ends it.
pub(crate) async fn run(context: &Context, args: &TailArgs) -> anyhow::Result<u8> {
    let from = from::parse(&args.from, Timestamp::now())?;
    let filter = filter(args)?;
    let mut signals = Signals::catch()?;
    let engine = context.engine().await?;
    let mut tail = Tail {
        feed: engine.broker.events(from).await?,
        filter,
        output: context.output,
        left: args.limit,
        check: args.check.then(Check::default),
        read_to: None,
    };
    loop {
        match tail.follow(&mut signals, args.until_idle).await? {
            End::Quiet if !is_idle(&engine).await? => {}
            End::Quiet | End::InOrder => break,
        }
    }
    Ok(tail.end())
}

/// All conditions, however they were typed.
fn filter(args: &TailArgs) -> anyhow::Result<Filter> {
    let mut filter = Filter::default();
    if let Some(job) = args.job {
        filter.add(&format!("job={job}"))?;
    }
    if let Some(device) = &args.device {
        filter.add(&format!("serial={}", serial(device)?))?;
    }
    if let Some(types) = &args.types {
        filter.add(&format!("type={types}"))?;
    }
    for expression in &args.filter {
        filter.add(expression)?;
    }
    Ok(filter)
}

/// Whether no job waits or runs.
async fn is_idle(engine: &Engine) -> anyhow::Result<bool> {
    let counts = engine.ledger.counts(None).await?;
    Ok(counts.by_state.iter().all(|(state, n)| state.is_terminal() || *n == 0))
}

struct Tail {
    feed: Box<dyn EventFeed>,
    filter: Filter,
    output: Output,
    /// Events that may still be shown.
    left: Option<u64>,
    check: Option<Check>,
    /// Offset of the last one that was read, shown or not.
    read_to: Option<u64>,
}

impl Tail {
    /// Reads and shows until an end.
    async fn follow(&mut self, signals: &mut Signals, until_idle: bool) -> anyhow::Result<End> {
        while self.left != Some(0) {
            let quiet = async {
                if until_idle { tokio::time::sleep(QUIET).await } else { std::future::pending().await }
            };
            let event = tokio::select! {
                biased;
                () = signals.next() => return Ok(End::InOrder),
                event = self.feed.next() => event?,
                () = quiet => return Ok(End::Quiet),
            };
            self.take(&event)?;
        }
        Ok(End::InOrder)
    }

    fn take(&mut self, logged: &LoggedEvent) -> anyhow::Result<()> {
        self.read_to = Some(logged.offset);
        let event: Envelope = match serde_json::from_str(&logged.body) {
            Ok(event) => event,
            Err(error) => {
                note(&format!("offset {} is no event of ours: {error}", logged.offset));
                return Ok(());
            }
        };
        if let Some(remark) = self.check.as_mut().and_then(|check| check.next(event.jobid, event.jobsequence))
        {
            note(&format!("offset {}: {remark}", logged.offset));
        }
        if self.filter.shows(&event) {
            self.left = self.left.map(|left| left - 1);
            self.show(logged, &event)?;
        }
        Ok(())
    }

    fn show(&self, logged: &LoggedEvent, event: &Envelope) -> anyhow::Result<()> {
        match self.output.format() {
            Format::Json => self.output.write(&format!("{}\n", one_line(&logged.body)?)),
            Format::Table => self.output.print_line(event, &line(event)),
        }
    }

    /// Says where to go on, and what the check found; answers the exit code.
    fn end(&self) -> u8 {
        if let Some(check) = &self.check {
            note(&check.summary());
        }
        if let Some(offset) = self.read_to {
            note(&format!("read to offset {offset}; `--from {offset}` goes on behind it"));
        }
        match &self.check {
            Some(check) if check.n_missing() > 0 => exit::SOME_NOT,
            Some(_) | None => exit::OK,
        }
    }
}

/// The body on one line, as published where that is one; safe on a terminal.
fn one_line(body: &str) -> serde_json::Result<String> {
    if body.contains('\n') {
        return Ok(json_text(&serde_json::from_str::<Value>(body)?.to_string()));
    }
    Ok(json_text(body))
}

/// `2026-11-23T14:00:00Z 007900000100103 #7 completed        11.1.4-h7 on the device, ready for install`.
fn line(event: &Envelope) -> String {
    let sentence = event.sentence();
    let shown: String = match sentence.char_indices().nth(SENTENCE) {
        Some((at, _)) => format!("{}…", &sentence[..at]),
        None => sentence,
    };
    let job = format!("#{}", event.jobid);
    format!("{} {:15} {job:6} {:16} {shown}", time(event.time), event.subject, event.word())
}

/// What a terminal and an orchestrator end a program with.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_aligned_and_no_longer_than_a_person_reads() {
        let event: Envelope = serde_json::from_value(json!({
            "specversion": "1.0", "id": "019ab3c1-5d2e-7c41-9a3f-0c6f4d1b2e77", "source": "/panos-upgrade",
            "type": "panos.job.failed.v1", "subject": "007900000100103", "time": "2026-11-23T14:00:00.5Z",
            "datacontenttype": "application/json", "jobid": 7, "jobsequence": 9,
            "data": { "kind": "disk_full", "message": "x".repeat(10_000) },
        }))
        .unwrap();
        let line = line(&event);
        assert!(
            line.starts_with("2026-11-23T14:00:00Z 007900000100103 #7     failed           disk_full: xxx"),
            "{line}"
        );
        assert!(line.chars().count() < SENTENCE + 80 && line.ends_with('…'), "{line}");
    }

    #[test]
    fn a_published_line_stays_as_it_is() {
        let body = r#"{"b":1,"a":"x"}"#;
        assert_eq!(one_line(body).unwrap(), body);
        assert_eq!(one_line("{\n\"a\": \"\u{9b}\"\n}").unwrap(), r#"{"a":"\u009b"}"#);
    }
}
