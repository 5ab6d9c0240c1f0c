//! Lines of figures: medians over repetitions, a table for people, JSON for programs.
//!
//! Every benchmark makes one, so that all of them read alike. A figure that could not be taken is absent, and never 0.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Map, Value, json};

use crate::sample::median;

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    /// The key in JSON, with its unit.
    pub(crate) key: &'static str,
    /// The heading.
    pub(crate) heading: &'static str,
    /// Places behind the point.
    pub(crate) decimals: usize,
}

/// The figures of one circumstance, in the order of the columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// The circumstance.
    pub(crate) what: String,
    /// Absent where nothing was measured.
    pub(crate) figures: Vec<Option<f64>>,
}

/// What a benchmark found.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// Its name.
    pub(crate) benchmark: &'static str,
    /// On what, and how.
    pub(crate) about: String,
    /// What the figures are.
    pub(crate) columns: Vec<Column>,
    /// Medians.
    pub(crate) lines: Vec<Line>,
}

impl Report {
    /// The medians of repetitions that measured the same circumstances in the same order.
    pub(crate) fn of(
        benchmark: &'static str,
        about: String,
        columns: Vec<Column>,
        repetitions: &[Vec<Line>],
    ) -> Self {
        let first = repetitions.first().map(Vec::as_slice).unwrap_or_default();
        let figure = |line: usize, column: usize| {
            median(repetitions.iter().map(|lines| *lines.get(line)?.figures.get(column)?))
        };
        let lines = first.iter().enumerate().map(|(n, line)| Line {
            what: line.what.clone(),
            figures: (0..columns.len()).map(|column| figure(n, column)).collect(),
        });
        Self { benchmark, about, lines: lines.collect(), columns }
    }

    /// For people.
    pub(crate) fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        let headings = self.columns.iter().map(|column| column.heading);
        table.set_header(std::iter::once(self.benchmark).chain(headings));
        for line in &self.lines {
            let shown = |(figure, column): (&Option<f64>, &Column)| {
                figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.*}", column.decimals))
            };
            let figures = line.figures.iter().zip(&self.columns).map(shown);
            table.add_row(std::iter::once(line.what.clone()).chain(figures));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        format!("{}\n{table}", self.about)
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let line = |line: &Line| {
            let figures = self.columns.iter().zip(&line.figures);
            let figures: Map<String, Value> =
                figures.map(|(column, figure)| (column.key.to_owned(), json!(figure))).collect();
            json!({ "what": line.what, "figures": figures })
        };
        let lines: Vec<Value> = self.lines.iter().map(line).collect();
        json!({ "benchmark": self.benchmark, "about": self.about, "lines": lines })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_medians_per_circumstance_and_leaves_out_what_was_not_measured() {
        let columns = vec![
            Column { key: "page_ms", heading: "page ms", decimals: 1 },
            Column { key: "ratio", heading: "ratio", decimals: 2 },
        ];
        let lines = |page: f64| vec![Line { what: "one".to_owned(), figures: vec![Some(page), None] }];
        let report = Report::of("b", "here".to_owned(), columns, &[lines(3.0), lines(1.0), lines(2.04)]);
        assert_eq!(
            report.json(),
            json!({"benchmark": "b", "about": "here", "lines": [
                {"what": "one", "figures": {"page_ms": 2.04, "ratio": null}}
            ]})
        );
        let table = report.table();
        assert!(table.contains("page ms") && table.contains("2.0") && table.contains('-'), "{table}");
    }
}
