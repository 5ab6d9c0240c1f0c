//! The report as people and programs read it: a table of at most 100 columns, Markdown, JSON.
//!
//! Promises: one row per scenario, in the order of the suite, also when it was played often; a sum; after it every
//! complaint with the command that plays its scenario again. Neither holds a date, so that two runs can be compared.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::report::{Play, Report};
use crate::scenario::{Outcome, Size};

/// Letters of a scenario's name that the table has room for.
pub const NAME_LENGTH: usize = 30;

/// Complaints of one play that are told in full; a thousand jobs may be lost for one reason.
const COMPLAINTS_SHOWN: usize = 12;

/// Columns of the table: heading in two lines, and width.
const COLUMNS: [(&str, &str, usize); 9] = [
    ("", "plays", 5),
    ("faults", "injected", 8),
    ("", "jobs", 6),
    ("", "lost", 5),
    ("downl.", "doubled", 7),
    ("events", "missing", 7),
    ("other", "findings", 8),
    ("time to", "recover", 7),
    ("", "took", 6),
];

/// All plays of one scenario.
#[derive(Debug, Default, Clone, PartialEq)]
struct Row {
    n_plays: u64,
    n_faults: u64,
    n_jobs: u64,
    n_lost: usize,
    n_duplicated: usize,
    n_missing_events: usize,
    n_other: usize,
    recovered_in: Option<Duration>,
    took: Duration,
}

impl Row {
    fn add(&mut self, play: &Play) {
        self.n_plays += 1;
        self.took += play.took;
        match &play.outcome {
            // A play that was not judged is one thing that should not be.
            Err(_) => self.n_other += 1,
            Ok(Outcome { n_faults, n_jobs, findings, recovered_in }) => {
                self.n_faults += u64::from(*n_faults);
                self.n_jobs += n_jobs;
                self.n_lost += findings.lost.len();
                self.n_duplicated += findings.duplicated.len();
                self.n_missing_events += findings.missing_events.len();
                self.n_other += findings.other.len();
                self.recovered_in = self.recovered_in.max(*recovered_in);
            }
        }
    }

    fn join(&mut self, other: &Self) {
        self.n_plays += other.n_plays;
        self.n_faults += other.n_faults;
        self.n_jobs += other.n_jobs;
        self.n_lost += other.n_lost;
        self.n_duplicated += other.n_duplicated;
        self.n_missing_events += other.n_missing_events;
        self.n_other += other.n_other;
        self.recovered_in = self.recovered_in.max(other.recovered_in);
        self.took += other.took;
    }

    fn cells(&self) -> [String; 9] {
        [
            self.n_plays.to_string(),
            self.n_faults.to_string(),
            self.n_jobs.to_string(),
            self.n_lost.to_string(),
            self.n_duplicated.to_string(),
            self.n_missing_events.to_string(),
            self.n_other.to_string(),
            self.recovered_in.map_or_else(|| "-".to_owned(), seconds),
            format!("{:.0} s", self.took.as_secs_f64()),
        ]
    }
}

/// One row per scenario in the order of their first play, and the sum of all.
fn rows(report: &Report) -> (Vec<(&'static str, &'static str, Row)>, Row) {
    let mut rows: Vec<(&'static str, &'static str, Row)> = Vec::new();
    let mut sum = Row::default();
    for play in &report.plays {
        let name = play.scenario.name;
        let row = match rows.iter_mut().position(|(found, ..)| *found == name) {
            Some(at) => &mut rows[at].2,
            None => {
                rows.push((name, play.scenario.fault, Row::default()));
                let last = rows.len() - 1;
                &mut rows[last].2
            }
        };
        row.add(play);
    }
    rows.sort_by_key(|(name, ..)| crate::scenarios::place(name));
    for (.., row) in &rows {
        sum.join(row);
    }
    (rows, sum)
}

/// The table, with complaints below it.
#[must_use]
pub fn text(report: &Report) -> String {
    let (rows, sum) = rows(report);
    let mut text = String::new();
    let heading = |pick: fn(&(&'static str, &'static str, usize)) -> &'static str| {
        COLUMNS.map(|column| pick(&column).to_owned())
    };
    line(&mut text, "", &heading(|column| column.0));
    line(&mut text, "scenario", &heading(|column| column.1));
    for (name, _, row) in &rows {
        line(&mut text, name, &row.cells());
    }
    line(&mut text, &format!("all {}", rows.len()), &sum.cells());
    text += &complaints(report);
    text
}

fn line(text: &mut String, name: &str, cells: &[String]) {
    let mut row = format!("{name:NAME_LENGTH$}");
    for (cell, (.., width)) in cells.iter().zip(COLUMNS) {
        let _ = write!(row, " {cell:>width$}");
    }
    text.push_str(row.trim_end());
    text.push('\n');
}

/// What is wrong, and how to see it again; nothing when all is well.
fn complaints(report: &Report) -> String {
    let mut text = String::new();
    for play in report.plays.iter().filter(|play| !play.is_good()) {
        let _ = writeln!(text, "\n{}: {}", play.scenario.name, play.scenario.fault);
        let complaints = play.complaints();
        for complaint in complaints.iter().take(COMPLAINTS_SHOWN) {
            let _ = writeln!(text, "  {complaint}");
        }
        if let Some(more) = complaints.len().checked_sub(COMPLAINTS_SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(text, "  and {more} more");
        }
        let _ = writeln!(text, "  again: {}", report.again(play));
        if let Some(logs) = &play.logs {
            let _ = writeln!(text, "  logs:  {}", logs.display());
        }
    }
    if report.plays.is_empty() {
        text += "\nnothing was played, and so nothing is shown\n";
    }
    if !report.not_played.is_empty() {
        let names = report.not_played.join(", ");
        let _ = writeln!(text, "\nnot played, for want of time, and so not shown to hold: {names}");
    }
    text
}

/// For the documentation. `about` says which machine and versions.
#[must_use]
pub fn markdown(report: &Report, about: &str) -> String {
    let (rows, sum) = rows(report);
    let mut text = String::new();
    let _ = writeln!(text, "{about}\n");
    text += "| scenario | what goes wrong | plays | faults | jobs | lost | downloads doubled | events missing \
             | other findings | time to recover | took |\n";
    text += "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
    for (name, fault, row) in &rows {
        let _ = writeln!(text, "| `{name}` | {fault} | {} |", row.cells().join(" | "));
    }
    let _ = writeln!(text, "| all {} | | {} |", rows.len(), sum.cells().join(" | "));
    let complaints = complaints(report);
    if !complaints.is_empty() {
        let _ = writeln!(text, "\n```text{complaints}```");
    }
    text
}

/// For programs: every play by itself.
#[must_use]
pub fn json(report: &Report) -> Value {
    let plays: Vec<Value> = report.plays.iter().map(|play| of_play(report, play)).collect();
    let size = match report.size {
        Size::Short => "short",
        Size::Full => "full",
    };
    json!({
        "seed": report.seed,
        "size": size,
        "exit_code": report.exit_code(),
        "took_ms": millis(report.took),
        "not_played": report.not_played,
        "plays": plays,
    })
}

fn of_play(report: &Report, play: &Play) -> Value {
    let mut value = json!({
        "scenario": play.scenario.name,
        "fault": play.scenario.fault,
        "seed": play.seed,
        "took_ms": millis(play.took),
        "good": play.is_good(),
        "complaints": play.complaints(),
        "again": report.again(play),
        "logs": play.logs,
    });
    if let Ok(outcome) = &play.outcome {
        value["faults"] = json!(outcome.n_faults);
        value["jobs"] = json!(outcome.n_jobs);
        value["lost"] = json!(outcome.findings.lost.len());
        value["downloads_doubled"] = json!(outcome.findings.duplicated.len());
        value["events_missing"] = json!(outcome.findings.missing_events.len());
        value["other_findings"] = json!(outcome.findings.other.len());
        value["recovered_in_ms"] = json!(outcome.recovered_in.map(millis));
    }
    value
}

/// With a tenth: `3.4 s`.
pub fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
