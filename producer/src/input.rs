//! Files that an operator names: read whole, limited, as UTF-8.
//!
//! Leaves to others: what stands in them.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use crate::failure::Failure;

/// Largest file read, 16 MiB: an inventory line has about 100 bytes, so this is a hundred times the largest fleet.
const LARGEST_BYTES: u64 = 16 << 20;

/// A file's text and how messages name it.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Reads `path`; `-` is standard input.
///
/// # Errors
/// A [`Failure`] with the file, what is wrong, and what would do.
pub(crate) fn read(path: &Path) -> anyhow::Result<Input> {
    let is_stdin = path == Path::new("-");
    let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
    let bytes = if is_stdin { limited(io::stdin().lock()) } else { File::open(path).and_then(limited) };
    let bytes = bytes.map_err(|error| {
        Failure::usage(format!("cannot read {name}: {error}"))
            .hint("check the path, the owner and the mode of the file")
    })?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(Failure::usage(format!("{name} is larger than {} MiB", LARGEST_BYTES >> 20))
            .hint("split the file, or check that it is the one you mean")
            .into());
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        Failure::usage(format!("{name}, line {line}: not UTF-8"))
            .hint("save the file as UTF-8; spreadsheets call it \"CSV UTF-8\"")
    })?;
    Ok(Input { name, text })
}

fn limited(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(LARGEST_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a result file in one step: a reader sees the old one or the new one.
///
/// # Errors
/// A [`Failure`] with the file and what is wrong.
pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let written = || -> io::Result<()> {
        let directory =
            path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
        let beside = directory.join(format!(".{}.{}", name.to_string_lossy(), std::process::id()));
        let done = File::create(&beside)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&beside, path));
        if done.is_err() {
            // It may not exist; what went wrong before is what the operator has to know.
            let _ = fs::remove_file(&beside);
        }
        done
    };
    Ok(written().map_err(|error| {
        Failure::usage(format!("cannot write {}: {error}", path.display()))
            .hint("check the directory, its owner and its free space")
    })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new").join("a.csv");
        write(&path, "one\n").unwrap();
        write(&path, "two\n").unwrap();
        assert_eq!(read(&path).unwrap().text, "two\n");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_not_utf_8_is_refused_with_its_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("latin.csv");
        fs::write(&path, b"serial\n01\nM\xfcnchen\n").unwrap();
        let error = read(&path).err().unwrap().to_string();
        assert!(error.ends_with("line 3: not UTF-8"), "{error}");
    }
}
