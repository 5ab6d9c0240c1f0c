//! Figures with their targets, over repetitions: a table for people, JSON for programs.
//!
//! A benchmark measures and tells: a figure says whether its target was reached, and nothing fails for it.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use crate::sample::Spread;

/// What a figure is to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

/// What one repetition found, in the order in which it is told; each repetition adds the same in the same order.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    figures: Vec<(Figure, f64)>,
    uses: Vec<Use>,
}

/// A figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    /// What was measured, with its circumstance.
    what: String,
    /// `×` for a ratio.
    unit: &'static str,
    target: Option<Target>,
}

/// What a process took of the machine while it was measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Use {
    /// Which, with its circumstance.
    pub(crate) process: String,
    /// Seconds of one processor.
    pub(crate) processor_s: f64,
    /// The most memory since it began, in MiB.
    pub(crate) peak_mib: f64,
}

/// What a benchmark found.
#[derive(Debug)]
pub(crate) struct Findings {
    /// Its name.
    benchmark: &'static str,
    /// What was measured, how, and what it does not tell.
    about: &'static str,
    figures: Vec<(Figure, Spread)>,
    uses: Vec<(String, Spread, Spread)>,
}

impl Taken {
    /// Adds a figure.
    pub(crate) fn figure(&mut self, what: impl Into<String>, unit: &'static str, value: f64) {
        self.figures.push((Figure { what: what.into(), unit, target: None }, value));
    }

    /// Adds a figure that has a target.
    pub(crate) fn aimed(&mut self, what: impl Into<String>, unit: &'static str, value: f64, target: Target) {
        self.figures.push((Figure { what: what.into(), unit, target: Some(target) }, value));
    }

    /// Adds what a process took.
    pub(crate) fn used(&mut self, used: Use) {
        self.uses.push(used);
    }
}

impl Target {
    fn is_reached(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    fn in_words(self) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {}", short(most)),
            Self::AtLeast(least) => format!("≥ {}", short(least)),
        }
    }
}

impl Findings {
    /// What repetitions found that measured the same in the same order.
    pub(crate) fn of(benchmark: &'static str, about: &'static str, repetitions: &[Taken]) -> Self {
        let first = repetitions.first();
        let figures = first.map(|taken| taken.figures.as_slice()).unwrap_or_default().iter().enumerate();
        let figures = figures.filter_map(|(n, (figure, _))| {
            let values = repetitions.iter().filter_map(|taken| Some(taken.figures.get(n)?.1));
            Some((figure.clone(), Spread::of(values)?))
        });
        let uses = first.map(|taken| taken.uses.as_slice()).unwrap_or_default().iter().enumerate();
        let uses = uses.filter_map(|(n, used)| {
            let uses = || repetitions.iter().filter_map(|taken| taken.uses.get(n));
            let (processor_s, peak_mib) = (
                Spread::of(uses().map(|used| used.processor_s))?,
                Spread::of(uses().map(|used| used.peak_mib))?,
            );
            Some((used.process.clone(), processor_s, peak_mib))
        });
        Self { benchmark, about, figures: figures.collect(), uses: uses.collect() }
    }

    /// Its name.
    pub(crate) fn benchmark(&self) -> &'static str {
        self.benchmark
    }

    /// What was measured, how, and what it does not tell.
    pub(crate) fn about(&self) -> &'static str {
        self.about
    }

    /// Rows of cells: figure, median, spread, target, whether it is reached.
    pub(crate) fn rows(&self) -> impl Iterator<Item = [String; 5]> {
        self.figures.iter().map(|(figure, spread)| {
            let target = figure.target.map_or_else(|| "-".to_owned(), Target::in_words);
            let reached = match figure.target {
                None => "",
                Some(target) if target.is_reached(spread.median) => "yes",
                Some(_) => "no",
            };
            let unit = figure.unit;
            let median = format!("{} {unit}", short(spread.median));
            let range = format!("{} to {}", short(spread.least), short(spread.most));
            [figure.what.clone(), median, range, target, reached.to_owned()]
        })
    }

    /// Rows of cells: process, seconds of a processor, the most memory.
    pub(crate) fn uses(&self) -> impl Iterator<Item = [String; 3]> {
        self.uses.iter().map(|(process, processor_s, peak_mib)| {
            [
                process.clone(),
                format!("{} s", short(processor_s.median)),
                format!("{:.0} MiB", peak_mib.median),
            ]
        })
    }

    /// For people.
    pub(crate) fn tables(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header([self.benchmark, "median", "smallest to largest", "target", "reached"]);
        for row in self.rows() {
            table.add_row(row);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let mut text = table.to_string();
        for [process, processor, memory] in self.uses() {
            text += &format!("\n{process}: {processor} of a processor, at most {memory}");
        }
        text
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let figure = |(figure, spread): &(Figure, Spread)| {
            let target = figure.target.map(|target| match target {
                Target::AtMost(most) => json!({ "at_most": most }),
                Target::AtLeast(least) => json!({ "at_least": least }),
            });
            let reached = figure.target.map(|target| target.is_reached(spread.median));
            json!({
                "what": figure.what, "unit": figure.unit, "median": spread.median, "smallest": spread.least,
                "largest": spread.most, "values": spread.values, "target": target, "reached": reached,
            })
        };
        let used = |(process, processor_s, peak_mib): &(String, Spread, Spread)| json!({ "process": process, "processor_s": processor_s.median, "peak_mib": peak_mib.median });
        json!({
            "benchmark": self.benchmark,
            "about": self.about,
            "figures": self.figures.iter().map(figure).collect::<Vec<_>>(),
            "processes": self.uses.iter().map(used).collect::<Vec<_>>(),
        })
    }
}

/// Three digits that count, or all before the point.
fn short(value: f64) -> String {
    let decimals = match value.abs() {
        size if size == 0.0 || size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(ratio: f64) -> Taken {
        let mut taken = Taken::default();
        taken.aimed("embedded: wall", "×", ratio, Target::AtMost(1.1));
        taken.figure("rate", "/s", 412.345);
        taken.used(Use { process: "worker".to_owned(), processor_s: ratio, peak_mib: 80.0 });
        taken
    }

    #[test]
    fn the_median_decides_whether_a_target_is_reached() {
        let findings = Findings::of("drain", "how", &[taken(1.2), taken(1.05), taken(1.06)]);
        let rows: Vec<_> = findings.rows().collect();
        assert_eq!(rows[0], ["embedded: wall", "1.06 ×", "1.05 to 1.20", "≤ 1.10", "yes"]);
        assert_eq!(rows[1], ["rate", "412 /s", "412 to 412", "-", ""]);
        assert!(findings.tables().contains("worker: 1.06 s of a processor, at most 80 MiB"));
        let json = findings.json();
        assert_eq!(json["figures"][0]["target"], json!({"at_most": 1.1}));
        assert_eq!(json["figures"][0]["values"], json!([1.2, 1.05, 1.06]));
        assert_eq!(Findings::of("drain", "how", &[taken(1.2)]).json()["figures"][0]["reached"], json!(false));
    }

    #[test]
    fn numbers_are_as_long_as_they_mean_something() {
        assert_eq!([0.0, 0.0345, 1.1, 34.56, 1234.5].map(short), ["0", "0.035", "1.10", "34.6", "1234"]);
    }
}
