//! Files that a child process writes and a test reads while it is being written.
//!
//! Promises: reading is limited in size from the end, bytes that are not UTF-8 do no harm, and a file that
//! is not there yet reads as empty.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

/// How much of a file is read at most: its end.
const READ_LIMIT_BYTES: u64 = 4 * 1024 * 1024;

/// How many of the last lines an error shows: Erlang takes 25 to say that it ends, and says why before.
const LINES_IN_ERRORS: usize = 60;

/// What stands after byte `from`, or the last [`READ_LIMIT_BYTES`] of it.
pub(crate) fn read_from(path: &Path, from: u64) -> String {
    read(path, from).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// The last lines, indented, for an error.
pub(crate) fn last_lines(path: &Path) -> String {
    let text = read_from(path, 0);
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return "    (empty)".to_owned();
    }
    let shown = &lines[lines.len().saturating_sub(LINES_IN_ERRORS)..];
    shown.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

/// The current length; 0 when there is no file.
pub(crate) fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |metadata| metadata.len())
}

fn read(path: &Path, from: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let start = from.max(file.metadata()?.len().saturating_sub(READ_LIMIT_BYTES));
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(READ_LIMIT_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_the_last_lines_and_survives_bytes_that_are_not_text() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        assert_eq!(last_lines(&path), "    (empty)");

        let mut bytes: Vec<u8> = (0..100).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        bytes.extend(b"\xff\n");
        std::fs::write(&path, &bytes).unwrap();

        let shown = last_lines(&path);
        assert_eq!(shown.lines().count(), LINES_IN_ERRORS);
        assert!(shown.starts_with("    line 41\n") && shown.ends_with("    \u{fffd}"), "{shown}");
        assert_eq!(read_from(&path, length(&path) - 2), "\u{fffd}\n");
    }
}
