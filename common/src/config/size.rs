//! Sizes: a whole number with its unit.

use super::setting::{Found, Value, Wanted};

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

/// The units of sizes, by the text behind the number. Shown are those with `i`, whose multiples are exact.
const SIZE_UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl Value for ByteSize {
    fn read(found: &Found<'_>) -> Result<Self, Wanted> {
        let text = found.text().map(str::trim).unwrap_or_default();
        let unit = SIZE_UNITS.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, bytes)));
        unit.and_then(|(number, bytes)| number.trim_end().parse::<u64>().ok()?.checked_mul(*bytes))
            .map(Self)
            .ok_or_else(|| {
                "must be a whole number with its unit, such as 0B, 512MiB, 512MB or 1GiB".to_owned()
            })
    }

    fn text(&self) -> String {
        shown_bytes(self.0)
    }
}

/// A number of bytes the way the configuration file writes it: `512MiB`, `1500B`.
pub(super) fn shown_bytes(bytes: u64) -> String {
    let fits = |(unit, size): &&(&str, u64)| unit.contains('i') && bytes != 0 && bytes.is_multiple_of(*size);
    let (unit, size) = SIZE_UNITS.iter().find(fits).copied().unwrap_or(("B", 1));
    format!("{}{unit}", bytes / size)
}
