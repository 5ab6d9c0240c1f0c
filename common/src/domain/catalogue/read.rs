//! Reads a catalogue from the text of a file, in one of three forms:
//!
//! - CSV with a header of `version`, `sha256` and optionally `filename`; other columns are ignored
//! - a JSON list of objects with these keys
//! - a JSON object of versions and hashes, the predecessor tool's `version_hashes.json`
//!
//! The first character tells which. A bad entry spoils nothing but the whole: reading goes on to tell all
//! problems, and a file with any problem gives no entries, so that no hash is silently not trusted.

use serde_json::Value;

use super::{Catalogue, CatalogueEntry, CatalogueProblem as Problem};
use crate::domain::hash::Sha256Hex;
use crate::domain::image::ImageFile;
use crate::domain::input::{Pairs, Place, Problems, describe, quoted, told};
use crate::domain::version::Version;

/// The header that a CSV has to have.
const HEADER_REMEDY: &str = "start with the line version,filename,sha256";

const VERSION_REMEDY: &str = "write the version as MAJOR.MINOR.PATCH or with -hN, for example 11.1.4-h7";
const FILE_REMEDY: &str =
    "write the file name as the device lists it, for example PanOS_440-11.1.4-h7, or leave it empty";

/// Reads `text`; `source` is how messages and entries name the file.
///
/// # Errors
/// Every [`Problem`] of the file, two hashes for one key included.
pub fn parse(text: &str, source: &str) -> Result<Vec<CatalogueEntry>, Vec<Problem>> {
    let mut reader = Reader { source, entries: Vec::new(), problems: Problems::of(source) };
    let text = text.trim_start_matches('\u{feff}');
    match text.trim_start().chars().next() {
        Some('[') => reader.json_list(text),
        Some('{') => reader.json_object(text),
        Some(_) => reader.csv(text),
        None => reader.problems.add(Place::Whole, "nothing", HEADER_REMEDY),
    }
    reader.find_conflicts();
    reader.problems.into_result()?;
    Ok(reader.entries.into_iter().map(|(_, entry)| entry).collect())
}

struct Reader<'a> {
    source: &'a str,
    entries: Vec<(Place, CatalogueEntry)>,
    problems: Problems<'a>,
}

/// The three texts of an entry; a text that is not there was a problem of its own already.
struct Texts<'a> {
    version: Option<&'a str>,
    file_name: Option<&'a str>,
    sha256: Option<&'a str>,
}

impl Reader<'_> {
    fn csv(&mut self, text: &str) {
        let mut csv =
            csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
        let header = match csv.headers() {
            Ok(header) => header.clone(),
            Err(error) => return self.problems.add(Place::Line(1), told(&error), HEADER_REMEDY),
        };
        let column = |name: &str| header.iter().position(|field| field.eq_ignore_ascii_case(name));
        let (Some(version), Some(sha256)) = (column("version"), column("sha256")) else {
            let found = quoted(&header.iter().collect::<Vec<_>>().join(","));
            return self.problems.add(Place::Line(1), found, HEADER_REMEDY);
        };
        let file_name = column("filename");
        let mut lines = Lines { text, byte: 0, line: 1 };
        for record in csv.records() {
            match record {
                Ok(record) => {
                    let place = Place::Line(lines.at(record.position()));
                    let field = |index: usize| record.get(index).unwrap_or_default();
                    let file_name = file_name.map(field).filter(|name| !name.is_empty());
                    let texts =
                        Texts { version: Some(field(version)), file_name, sha256: Some(field(sha256)) };
                    self.entry(place, &texts);
                }
                Err(error) => {
                    let line = lines.at(error.position());
                    self.problems.add(Place::Line(line), told(&error), "write version,filename,sha256");
                }
            }
        }
    }

    fn json_list(&mut self, text: &str) {
        let Some(elements) = self.json::<Vec<Value>>(text) else { return };
        for (index, element) in elements.iter().enumerate() {
            let place = |key: &str| Place::Element(format!("[{index}]{key}"));
            let Some(object) = element.as_object() else {
                self.problems.add(
                    place(""),
                    describe(element),
                    "write an object with version, filename and sha256",
                );
                continue;
            };
            let mut text = |key: &'static str, is_optional: bool| match object.get(key) {
                Some(Value::String(text)) => Some(text.trim()),
                None | Some(Value::Null) if is_optional => None,
                found => {
                    let found = found.map_or_else(|| format!("no {key}"), describe);
                    self.problems.add(place(&format!(".{key}")), found, "write a text in quotation marks");
                    None
                }
            };
            let (version, sha256) = (text("version", false), text("sha256", false));
            let file_name = text("filename", true).filter(|name| !name.is_empty());
            self.entry(place(""), &Texts { version, file_name, sha256 });
        }
    }

    fn json_object(&mut self, text: &str) {
        let Some(Pairs(pairs)) = self.json::<Pairs<Value>>(text) else { return };
        for (version, hash) in &pairs {
            let place = Place::Element(quoted(version));
            match hash {
                Value::String(hash) => {
                    let texts = Texts { version: Some(version), file_name: None, sha256: Some(hash.trim()) };
                    self.entry(place, &texts);
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    self.problems.add(
                        place,
                        describe(hash),
                        "write the hash as 64 hex digits in quotation marks",
                    );
                }
            }
        }
    }

    fn json<T: serde::de::DeserializeOwned>(&mut self, text: &str) -> Option<T> {
        let remedy =
            "write a list of objects with version, filename and sha256, or an object of versions and hashes";
        serde_json::from_str(text)
            .map_err(|error| {
                let line = u64::try_from(error.line()).unwrap_or(u64::MAX);
                self.problems.add(Place::Line(line), told(&error), remedy);
            })
            .ok()
    }

    /// Adds the entry that the texts make, or a problem for each text that does not fit.
    fn entry(&mut self, place: Place, texts: &Texts<'_>) {
        let version = texts.version.and_then(|text| {
            let parsed = text.parse::<Version>();
            parsed.map_err(|_| self.problems.add(place.clone(), quoted(text), VERSION_REMEDY)).ok()
        });
        let file_name = texts.file_name.map(|text| {
            let parsed = ImageFile::parse(text);
            parsed.map_err(|_| self.problems.add(place.clone(), quoted(text), FILE_REMEDY)).ok()
        });
        let sha256 = texts.sha256.and_then(|text| {
            let parsed = Sha256Hex::parse(text);
            parsed.map_err(|error| self.problems.add(place.clone(), quoted(text), error.to_string())).ok()
        });
        let file_name = match file_name {
            Some(None) => return,
            Some(Some(file_name)) => Some(file_name),
            None => None,
        };
        if let (Some(version), Some(sha256)) = (version, sha256) {
            let source = format!("{}, {place}", self.source);
            self.entries.push((place, CatalogueEntry { version, file_name, sha256, source }));
        }
    }

    fn find_conflicts(&mut self) {
        let mut catalogue = Catalogue::default();
        for (place, entry) in self.entries.clone() {
            if let Err(conflict) = catalogue.add(entry) {
                self.problems.add(place, conflict.to_string(), "check which one the vendor publishes");
            }
        }
    }
}

/// Counts lines as an editor does. The CSV reader says where a record's first byte may stand, which is before
/// the blank lines and the second half of a line end that come first.
struct Lines<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record at `position`; records are asked for in their order.
    fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let start = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.byte);
        let bytes = self.text.as_bytes();
        let ended = |byte: &usize| bytes.get(*byte).is_some_and(|byte| matches!(byte, b'\r' | b'\n'));
        let mut record = start;
        while ended(&record) {
            record += 1;
        }
        let passed = bytes.get(self.byte..record).unwrap_or_default();
        self.line += passed.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        self.byte = record.max(self.byte);
        self.line
    }
}
