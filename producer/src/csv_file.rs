//! CSV as people and spreadsheets write it: a header, then rows, each with the line it stands on.
//!
//! Promises: a row that cannot be read is one bad line, and so is everything behind a quote that is never
//! closed, which would pass as one long cell; a cell that a spreadsheet would run as a formula is
//! written with a `'` before it, and read back without. Leaves to others: what the columns mean.

use std::fmt;

use csv::{Position, ReaderBuilder, StringRecord, Trim, Writer};
use serde::Serialize;

/// What to do about a quote that nobody closed.
const UNCLOSED: &str = "a cell begins with a quote that is never closed, so this line and those after it were not read; close or remove it";

/// The file cannot be used at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line 1: {problem}")]
pub struct Unusable {
    /// How messages name the file.
    pub file: String,
    /// What is wrong with its first line.
    pub problem: String,
    /// What would do.
    pub hint: Option<&'static str>,
}

/// A file with its header, in lower case.
#[derive(Debug)]
pub struct Sheet {
    header: Vec<String>,
    /// What can be read, in order.
    pub rows: Vec<Row>,
    /// What cannot.
    pub bad: Vec<BadLine>,
}

/// One row.
#[derive(Debug)]
pub struct Row {
    /// From 1.
    pub line: u64,
    record: StringRecord,
}

/// A line that could not be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadLine {
    /// From 1.
    pub line: u64,
    /// What is wrong, and what would do.
    pub message: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl Sheet {
    /// Reads `text`, which came from `file`.
    ///
    /// # Errors
    /// [`Unusable`] when there is no header.
    pub fn parse(file: &str, text: &str) -> Result<Self, Unusable> {
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(text.as_bytes());
        let header: Vec<String> = match reader.headers() {
            Ok(header) => header.iter().map(str::to_ascii_lowercase).collect(),
            Err(error) => {
                return Err(Unusable { file: file.to_owned(), problem: error.to_string(), hint: None });
            }
        };
        let mut lines = Lines { text: text.as_bytes(), byte: 0, line: 1 };
        let (mut rows, mut bad) = (Vec::new(), Vec::new());
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let line = lines.at(record.position());
                    if record.iter().any(|cell| !cell.is_empty()) {
                        rows.push(Row { line, record });
                    }
                }
                Err(error) => {
                    bad.push(BadLine { line: lines.at(error.position()), message: error.to_string() });
                }
            }
        }
        if let Some(line) = unclosed_quote(text) {
            // The reader took the rest of the file for the last cell of its last row.
            rows.pop();
            bad.push(BadLine { line, message: UNCLOSED.to_owned() });
        }
        Ok(Self { header, rows, bad })
    }

    /// Where the column of this name stands.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|known| known == name)
    }

    /// The header as the file has it, for messages.
    pub fn header(&self) -> String {
        self.header.join(",")
    }
}

impl Row {
    /// The cell in a column, unless it is empty or the row too short.
    pub fn cell(&self, column: Option<usize>) -> Option<&str> {
        let cell = self.record.get(column?)?;
        let cell = cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell);
        Some(cell).filter(|cell| !cell.is_empty())
    }
}

/// The line of a quote that begins a cell and is still open at the end, by the rules of the reader: a quote
/// within a cell stands for itself, two within a quoted cell for one.
fn unclosed_quote(text: &str) -> Option<u64> {
    let (mut line, mut cell_begins, mut open_since, mut after_quote) = (1, true, None, false);
    for (index, byte) in text.bytes().enumerate() {
        match (byte, open_since) {
            (b'"', Some(_)) => (open_since, after_quote) = (None, true),
            (b'"', None) if after_quote => (open_since, after_quote) = (Some(line), false),
            (b'"', None) if cell_begins => (open_since, cell_begins) = (Some(line), false),
            (b',' | b'\r' | b'\n', None) => (cell_begins, after_quote) = (true, false),
            (_, None) => (cell_begins, after_quote) = (false, false),
            (_, Some(_)) => {}
        }
        line += u64::from(ends_line(text.as_bytes(), index));
    }
    open_since
}

/// Whether a line ends with this byte: a line feed, or a carriage return alone, at which the reader ends a row, too.
fn ends_line(text: &[u8], index: usize) -> bool {
    match text.get(index) {
        Some(b'\n') => true,
        Some(b'\r') => text.get(index + 1) != Some(&b'\n'),
        Some(_) | None => false,
    }
}

/// Whether a spreadsheet would run the cell (OWASP, "CSV Injection"; a tab or return may come before).
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Rows as CSV text, with formulas defused.
///
/// # Errors
/// None that a string as target could cause; the writer's type has them.
pub fn text<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> anyhow::Result<String> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row.map(|cell| if is_formula(&cell) { format!("'{cell}") } else { cell }))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// Counts lines as an editor does. The CSV reader says where a record's first byte may stand, which is before
/// the blank lines and the second half of a line end that come first.
struct Lines<'a> {
    text: &'a [u8],
    byte: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record at `position`; records are asked for in their order.
    fn at(&mut self, position: Option<&Position>) -> u64 {
        let start = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.byte);
        let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let n_ends = self.text.iter().skip(start).take_while(|byte| is_end(byte)).count();
        let record = (start + n_ends).max(self.byte);
        let n_lines = (self.byte..record).filter(|index| ends_line(self.text, *index)).count();
        self.line += u64::try_from(n_lines).unwrap_or(u64::MAX);
        self.byte = record;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(text: &str) -> Sheet {
        Sheet::parse("x.csv", text).unwrap()
    }

    #[test]
    fn rows_know_their_line_across_blanks_and_quoted_line_ends() {
        let sheet = sheet("\u{feff}Serial,Hostname\r\n01,a\r\n\r\n02,\"b\r\nc\"\r\n,,\r\n03\r\n");
        let (serial, hostname) = (sheet.column("serial"), sheet.column("hostname"));
        let rows: Vec<_> =
            sheet.rows.iter().map(|row| (row.line, row.cell(serial), row.cell(hostname))).collect();
        assert_eq!(
            rows,
            [(2, Some("01"), Some("a")), (4, Some("02"), Some("b\r\nc")), (7, Some("03"), None)]
        );
        assert!(sheet.bad.is_empty());
    }

    #[test]
    fn a_carriage_return_alone_ends_a_line() {
        let sheet = sheet("serial\r01\r\r02\r\n03,\"\ropen");
        let lines: Vec<_> = sheet.rows.iter().map(|row| row.line).collect();
        assert_eq!((lines, sheet.bad[0].line), (vec![2, 4], 5));
    }

    #[test]
    fn a_quote_that_is_never_closed_is_a_bad_line_and_swallows_nothing_in_silence() {
        let sheet = sheet("serial,hostname\n01,\"a\"\"b\"\n02,6\"rack\n03,\"edge\n04,c\n05,d\n");
        let serials: Vec<_> = sheet.rows.iter().filter_map(|row| row.cell(sheet.column("serial"))).collect();
        assert_eq!(serials, ["01", "02"]);
        assert_eq!(sheet.bad, [BadLine { line: 4, message: UNCLOSED.to_owned() }]);
    }

    #[test]
    fn a_formula_is_defused_on_the_way_out_and_itself_on_the_way_in() {
        let cells = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "'quoted", "plain"];
        let text = text(["hostname"], cells.map(|cell| [cell.to_owned()])).unwrap();
        for line in text.lines().skip(1) {
            assert!(!is_formula(line.trim_start_matches('"')), "{line}");
        }
        let sheet = sheet(&text);
        let read: Vec<_> = sheet.rows.iter().filter_map(|row| row.cell(sheet.column("hostname"))).collect();
        assert_eq!(read, cells);
    }
}
