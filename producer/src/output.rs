//! Results, as a table for people or JSON for programs. The only place that prints.
//!
//! Promises: stdout gets data and nothing else; tables fit the width of a terminal and are plain lines
//! elsewhere; what devices and files say is shown with control and direction characters escaped, so that no
//! hostname can write on a terminal. Leaves to others: what is worth saying (`commands/`), bars
//! ([`progress`]).

use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal, Write};

use comfy_table::{ColumnConstraint, ContentArrangement, Width, presets};
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::Format;
use crate::progress;

/// Blanks behind a column.
const GAP: u16 = 2;

/// Columns of the narrowest terminal that tables are wrapped to.
const NARROWEST: u16 = 40;

/// Columns that are copied into the next command: the last to be broken.
const IDENTIFIERS: [&str; 7] = ["SERIAL", "JOB", "ID", "FOR EXAMPLE", "NEW", "CHANGED", "GONE"];

/// Where results go, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
}

impl Output {
    pub(crate) fn new(format: Format) -> Self {
        Self { format }
    }

    /// Prints one result: `data` as JSON, or the page that `text` makes of it.
    pub(crate) fn print<T: Serialize>(
        &self,
        data: &T,
        text: impl FnOnce(&T, &mut Page),
    ) -> anyhow::Result<()> {
        match self.format {
            Format::Json => self.write(&format!("{}\n", json_text(&serde_json::to_string_pretty(data)?))),
            Format::Table => {
                let mut page = Page::default();
                text(data, &mut page);
                self.write(&page.render())
            }
        }
    }

    /// Prints one line of a stream: `data` as compact JSON, or `text`.
    pub(crate) fn print_line<T: Serialize>(&self, data: &T, text: &str) -> anyhow::Result<()> {
        match self.format {
            Format::Json => self.write(&format!("{}\n", json_text(&serde_json::to_string(data)?))),
            Format::Table => self.write(&format!("{}\n", plain(text))),
        }
    }

    /// Prints text as it is: completion scripts, exported lines.
    pub(crate) fn write(&self, text: &str) -> anyhow::Result<()> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        Ok(written.map_err(Unwritable)?)
    }

    /// Which form was asked for.
    pub(crate) fn format(&self) -> Format {
        self.format
    }
}

/// Stdout took less than the result.
#[derive(Debug, thiserror::Error)]
#[error("the result could not be written")]
pub(crate) struct Unwritable(#[source] pub(crate) io::Error);

/// Tells a person something that is no result.
pub(crate) fn note(text: &str) {
    // Lines are ours, what stands in them may be a device's.
    let lines: String = text.lines().map(|line| plain(line) + "\n").collect();
    // A person who closed stderr wants no notes.
    let _ = progress::aside(lines.as_bytes());
}

/// A result for people: lines and tables in order.
#[derive(Debug, Default)]
pub(crate) struct Page {
    text: String,
}

impl Page {
    /// Adds one line.
    pub(crate) fn line(&mut self, line: impl Display) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{}", plain(&line.to_string()));
    }

    /// Adds an empty line between two parts.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// Adds a table, unless it has no rows.
    pub(crate) fn table(&mut self, table: &Table) {
        if !table.rows.is_empty() {
            self.text.push_str(&table.render());
            self.text.push('\n');
        }
    }

    /// Adds names and values, one line each; what has no value is left out.
    pub(crate) fn facts(&mut self, facts: &[(&str, Option<String>)]) {
        let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in facts {
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                self.line(format!("{name:width$}  {value}"));
            }
        }
    }

    /// The text, ending with a line end unless it is empty.
    pub(crate) fn render(&self) -> String {
        self.text.clone()
    }
}

/// Rows under a header.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(header: impl IntoIterator<Item = &'static str>) -> Self {
        Self { header: header.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row; control characters in its cells are escaped.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| plain(&cell)).into());
    }

    /// Whether there is nothing to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Wrapped to the terminal, or one line per row where there is none.
    fn render(&self) -> String {
        let mut table = self.laid_out();
        match table.width().filter(|_| io::stdout().is_terminal()) {
            // One that does not know how wide it is says 0; one line per row is better than one word per line.
            Some(width) if width >= NARROWEST => self.wrap(&mut table, width),
            Some(_) | None => {
                table.force_no_tty();
            }
        }
        table.trim_fmt()
    }

    fn laid_out(&self) -> comfy_table::Table {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_header(self.header.clone()).add_rows(self.rows.clone());
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        table
    }

    fn wrap(&self, table: &mut comfy_table::Table, width: u16) {
        // The blanks behind the last column are cut off.
        let width = width.saturating_add(GAP);
        table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
        for (column, least) in table.column_iter_mut().zip(self.least_widths(width)) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least + GAP)));
        }
    }

    /// Content widths below which no column may shrink: its header, an identifier whole, and from what room
    /// is left the narrowest columns get more, until they hold their longest word.
    fn least_widths(&self, width: u16) -> Vec<u16> {
        let longest_word = |column: usize| {
            let words = self.rows.iter().filter_map(|row| row.get(column)).flat_map(|cell| cell.split(' '));
            words.map(n_chars).max().unwrap_or_default()
        };
        let mut columns: Vec<(u16, u16)> = Vec::new();
        for (column, header) in self.header.iter().enumerate() {
            let word = longest_word(column).max(n_chars(header));
            columns.push((if IDENTIFIERS.contains(header) { word } else { n_chars(header) }, word));
        }
        let taken: u16 = columns.iter().map(|(least, _)| least.saturating_add(GAP)).sum();
        for _ in taken..width {
            let in_need = columns.iter_mut().filter(|(least, word)| least < word);
            let Some((least, _)) = in_need.min_by_key(|(least, _)| *least) else { break };
            *least += 1;
        }
        columns.into_iter().map(|(least, _)| least).collect()
    }
}

fn n_chars(text: &str) -> u16 {
    u16::try_from(text.chars().count()).unwrap_or(u16::MAX)
}

/// Text from outside as it may be shown: control characters, and those that turn the direction of
/// writing, escaped.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) { shown.extend(c.escape_debug()) } else { shown.push(c) }
    }
    shown
}

/// JSON that is safe on a terminal, too. `serde_json` escapes only what JSON asks for (below U+0020); the
/// characters replaced here can stand inside strings only, where `\uXXXX` means the same.
pub(crate) fn json_text(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unsafe(c) && c != '\n' {
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Control characters (C1 included: U+009B begins a terminal sequence), and the marks that reorder text
/// (Unicode Standard Annex 9, 2.1 to 2.6).
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A time as people read it: UTC, whole seconds.
pub(crate) fn time(at: Timestamp) -> String {
    format!("{at:.0}")
}

/// A number of bytes as people read it.
pub(crate) fn size(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

/// A number of bytes that may be a fleet's.
pub(crate) fn amount(bytes: u64) -> String {
    const GIB: u64 = 1 << 30;
    match bytes {
        0..GIB => size(bytes),
        // Tenths, rounded up as MiB are.
        _ => {
            let tenths = (u128::from(bytes) * 10).div_ceil(u128::from(GIB));
            format!("{}.{} GiB", tenths / 10, tenths % 10)
        }
    }
}

/// `1 device`, `2 devices`.
pub(crate) fn counted(n: usize, noun: &str) -> String {
    match (n, noun.ends_with("ch")) {
        (1, _) => format!("1 {noun}"),
        (_, true) => format!("{n} {noun}es"),
        (_, false) => format!("{n} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostname_cannot_write_on_the_terminal() {
        assert_eq!(plain("fw\u{1b}[2J\r\n\u{9b}1m\u{202e}x"), "fw\\u{1b}[2J\\r\\n\\u{9b}1m\\u{202e}x");
        assert_eq!(plain("Zürich 東京"), "Zürich 東京");
        let mut page = Page::default();
        let mut table = Table::new(["NAME"]);
        table.row(["a\u{1b}b".to_owned()]);
        page.table(&table);
        assert_eq!(page.render(), "NAME\na\\u{1b}b\n");
    }

    #[test]
    fn escaped_json_reads_as_what_it_was() {
        let text = "\u{9b}31m\u{202e}\n\u{7f}";
        let json = json_text(&serde_json::to_string_pretty(&[text]).unwrap());
        assert!(!json.chars().any(|c| is_unsafe(c) && c != '\n'), "{json}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [text]);
    }

    #[test]
    fn amounts_have_a_unit_that_a_person_can_read() {
        assert_eq!(
            [amount(0), amount(1), amount(1 << 30), amount((1 << 30) + 1)],
            ["0 MiB", "1 MiB", "1.0 GiB", "1.1 GiB"]
        );
        assert_eq!(
            [counted(1, "mismatch"), counted(2, "mismatch"), counted(0, "job")],
            ["1 mismatch", "2 mismatches", "0 jobs"]
        );
    }

    #[test]
    fn rows_are_aligned_and_end_without_blanks() {
        let mut table = Table::new(["SERIAL", "MODEL"]);
        table.row(["0079".to_owned(), String::new()]);
        table.row(["1".to_owned(), "PA-440".to_owned()]);
        assert_eq!(table.render(), "SERIAL  MODEL\n0079\n1       PA-440");
    }

    #[test]
    fn a_narrow_terminal_breaks_neither_serials_nor_headers() {
        let mut table =
            Table::new(["SERIAL", "HOSTNAME", "MODEL", "VERSION", "ADDRESS", "HA", "CONNECTED", "SOURCE"]);
        let row = ["007900000100577", "ham-branch-fw37", "PA-3220", "10.1.14-h6", "192.0.2.137"];
        let row = [row[0], row[1], row[2], row[3], row[4], "standalone", "yes", "panorama"];
        table.row(row.map(str::to_owned));
        for width in [80, 120] {
            let mut narrow = table.laid_out();
            table.wrap(&mut narrow, width);
            let text = narrow.trim_fmt();
            assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)), "{text}");
            for whole in table.header.iter().chain(&["007900000100577"]) {
                assert!(text.contains(whole), "{whole} is broken:\n{text}");
            }
        }
    }
}
