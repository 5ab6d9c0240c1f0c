//! Devices in CSV files: standalone ones by `serial`, HA pairs by `serial_1` and `serial_2`.
//!
//! Column names are interface, the predecessor tool's: `hostname`, `mgmt_ip`, `current_version`, `model`; ours is
//! `address_override`, the address that a person sets against what the source says.
//! Promises: a line that cannot be used is told with its number, the others work. Leaves to others: whether
//! the inventory knows a serial.

use std::collections::BTreeMap;

use common::domain::device::{Device, Ha, Serial, Source};
use common::domain::version::Version;

use crate::address;
use crate::csv_file::{BadLine, Row, Sheet, Unusable};

/// How a file has to start.
const COLUMNS: &str = "start with the line serial,hostname,mgmt_ip,current_version,model, or with serial_1,serial_2 for HA pairs";

/// What to do about a file from a spreadsheet with another list separator.
const COMMAS: &str = "separate columns by commas, not by semicolons or tabs";

/// What a file says.
#[derive(Debug, Default)]
pub struct Listed<T> {
    /// By line.
    pub entries: Vec<Entry<T>>,
    /// By line.
    pub bad: Vec<BadLine>,
}

/// One device of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry<T> {
    /// From 1.
    pub line: u64,
    /// Which device.
    pub serial: Serial,
    /// What the file says besides.
    pub facts: T,
}

/// What a file may say of a device; what it does not say stays as it is known.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Facts {
    hostname: Option<String>,
    address: Option<String>,
    sw_version: Option<String>,
    model: Option<String>,
    ha: Option<Ha>,
    /// Kept apart from the device: it stays when the source speaks again.
    pub address_override: Option<String>,
}

/// Where the columns of one device of a row stand.
struct Columns {
    serial: Option<usize>,
    hostname: Option<usize>,
    address: Option<usize>,
    sw_version: Option<usize>,
    model: Option<usize>,
    address_override: Option<usize>,
}

/// Reads serials; other columns may hold anything.
///
/// # Errors
/// [`Unusable`] when no column can hold serials.
pub fn serials(file: &str, text: &str) -> Result<Listed<()>, Unusable> {
    read(file, text, |_, _, _| Ok(()))
}

/// Reads devices with all their columns.
///
/// # Errors
/// [`Unusable`] when no column can hold serials.
pub fn devices(file: &str, text: &str) -> Result<Listed<Facts>, Unusable> {
    read(file, text, facts)
}

fn read<T>(
    file: &str,
    text: &str,
    facts: impl Fn(&Row, &Columns, Option<Ha>) -> Result<T, String>,
) -> Result<Listed<T>, Unusable> {
    let sheet = Sheet::parse(file, text)?;
    let members = members(&sheet).ok_or_else(|| {
        let header = sheet.header();
        let hint = if header.contains([';', '\t']) { COMMAS } else { COLUMNS };
        let problem = format!("no column `serial`, found {}", quoted(&header));
        Unusable { file: file.to_owned(), problem, hint: Some(hint) }
    })?;
    let mut seen = BTreeMap::<Serial, u64>::new();
    let mut listed = Listed { entries: Vec::new(), bad: sheet.bad.clone() };
    for row in &sheet.rows {
        for (index, columns) in members.iter().enumerate() {
            let entry = serial(row, columns, &mut seen)
                .and_then(|serial| Ok((facts(row, columns, pair(row, &members, index))?, serial)));
            match entry {
                Ok((facts, serial)) => listed.entries.push(Entry { line: row.line, serial, facts }),
                Err(message) => listed.bad.push(BadLine { line: row.line, message }),
            }
        }
    }
    listed.bad.sort_by_key(|bad| bad.line);
    Ok(listed)
}

/// Longest part of a header that a message repeats, in characters.
const QUOTED_CHARS: usize = 200;

/// The text in backticks, escaped, and cut when it is long.
fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(QUOTED_CHARS).flat_map(char::escape_debug).collect();
    let rest = if text.chars().nth(QUOTED_CHARS).is_some() { ".." } else { "" };
    format!("`{cut}{rest}`")
}

/// One set of columns, or two for pairs.
fn members(sheet: &Sheet) -> Option<Vec<Columns>> {
    let columns = |suffix: &str| {
        let column = |name: &str| sheet.column(&format!("{name}{suffix}"));
        Columns {
            serial: column("serial"),
            hostname: column("hostname"),
            address: column("mgmt_ip"),
            sw_version: column("current_version"),
            model: column("model").or_else(|| sheet.column("model")),
            address_override: column("address_override"),
        }
    };
    let single = columns("");
    if single.serial.is_some() {
        return Some(vec![single]);
    }
    let pair = vec![columns("_1"), columns("_2")];
    pair.iter().all(|columns| columns.serial.is_some()).then_some(pair)
}

fn serial(row: &Row, columns: &Columns, seen: &mut BTreeMap<Serial, u64>) -> Result<Serial, String> {
    let text = row.cell(columns.serial).unwrap_or_default();
    let serial = Serial::parse(text).map_err(|error| error.to_string())?;
    match seen.insert(serial.clone(), row.line) {
        None => Ok(serial),
        Some(first) => {
            seen.insert(serial.clone(), first);
            Err(format!("serial {serial} stands on line {first} already"))
        }
    }
}

/// The place of a device in the pair of its row; the first one is the active one.
fn pair(row: &Row, members: &[Columns], index: usize) -> Option<Ha> {
    let peer = members.iter().enumerate().find(|(other, _)| *other != index)?.1;
    let peer = row.cell(peer.serial).and_then(|text| Serial::parse(text).ok());
    let state = if index == 0 { "active" } else { "passive" };
    Some(Ha::Member { state: state.to_owned(), peer })
}

fn facts(row: &Row, columns: &Columns, ha: Option<Ha>) -> Result<Facts, String> {
    let text = |column: Option<usize>| row.cell(column).map(str::to_owned);
    let (address, sw_version) = (text(columns.address), text(columns.sw_version));
    let address_override = text(columns.address_override);
    for (column, address) in [("mgmt_ip", &address), ("address_override", &address_override)] {
        if let Some(address) = address {
            address::check(address).map_err(|error| format!("{column}: {error}"))?;
        }
    }
    if let Some(sw_version) = &sw_version {
        sw_version.parse::<Version>().map_err(|error| format!("current_version: {error}"))?;
    }
    let (hostname, model) = (text(columns.hostname), text(columns.model));
    Ok(Facts { hostname, address, sw_version, model, ha, address_override })
}

impl Facts {
    /// The device with these facts over what is known of it. A device that only a file names counts as
    /// connected: nobody said that it is not.
    pub fn over(self, serial: Serial, known: Option<Device>) -> Device {
        let known = known.unwrap_or_else(|| Device {
            serial,
            hostname: String::new(),
            address: None,
            model: String::new(),
            sw_version: String::new(),
            ha: Ha::Standalone,
            multi_vsys: false,
            connected: true,
            source: Source::Csv,
        });
        Device {
            hostname: self.hostname.unwrap_or(known.hostname),
            address: self.address.or(known.address),
            sw_version: self.sw_version.unwrap_or(known.sw_version),
            model: self.model.unwrap_or(known.model),
            ha: self.ha.unwrap_or(known.ha),
            source: Source::Csv,
            ..known
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_lines_are_told_and_the_others_work() {
        let text = "serial,hostname,mgmt_ip,current_version,model\n\
                    0001,a,192.0.2.1,10.2.9,PA-440\n\
                    ,b,192.0.2.2,,\n\
                    0003,c,no address,,\n\
                    0004,d,,eleven,\n\
                    0001,e,,,\n\
                    0005\n";
        let listed = devices("fleet.csv", text).unwrap();
        let good: Vec<_> = listed.entries.iter().map(|entry| (entry.line, entry.serial.as_str())).collect();
        assert_eq!(good, [(2, "0001"), (7, "0005")]);
        let bad: Vec<_> = listed.bad.iter().map(ToString::to_string).collect();
        assert_eq!(bad.len(), 4, "{bad:?}");
        assert_eq!(bad[0], "line 3: the serial is empty");
        assert!(
            bad[1].starts_with("line 4: mgmt_ip:") && bad[2].starts_with("line 5: current_version:"),
            "{bad:?}"
        );
        assert_eq!(bad[3], "line 6: serial 0001 stands on line 2 already");
    }

    #[test]
    fn a_pair_is_two_devices_that_know_each_other() {
        let listed =
            devices("fleet.csv", "serial_1,serial_2,hostname_1,model\n0001,0002,a,PA-440\n").unwrap();
        let [first, second] = listed.entries.as_slice() else { panic!("{listed:?}") };
        let peer = |serial: &str| Some(serial.parse().unwrap());
        assert_eq!(first.facts.ha, Some(Ha::Member { state: "active".to_owned(), peer: peer("0002") }));
        assert_eq!(second.facts.ha, Some(Ha::Member { state: "passive".to_owned(), peer: peer("0001") }));
        assert_eq!(second.facts.model.as_deref(), Some("PA-440"));
        assert_eq!(second.facts.hostname, None);
    }

    #[test]
    fn a_list_of_serials_may_have_anything_beside_them() {
        let listed = serials("fleet.csv", "mgmt_ip,serial\nno address,0001\n").unwrap();
        assert_eq!(listed.entries.len(), 1);
        let error = serials("fleet.csv", "name\nx\n").unwrap_err().to_string();
        assert_eq!(error, "fleet.csv, line 1: no column `serial`, found `name`");
    }

    #[test]
    fn what_a_file_does_not_say_stays_as_it_is_known() {
        let serial: Serial = "0001".parse().unwrap();
        let all =
            Facts { hostname: Some("a".to_owned()), model: Some("PA-440".to_owned()), ..Facts::default() };
        let known = all.over(serial.clone(), None);
        let renamed = Facts { hostname: Some("b".to_owned()), ..Facts::default() }.over(serial, Some(known));
        assert_eq!((renamed.hostname.as_str(), renamed.model.as_str()), ("b", "PA-440"));
    }
}
