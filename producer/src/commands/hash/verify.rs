//! `hash verify`: image files on disk against the trusted hashes.
//!
//! The one place where a hash is computed from bytes before an image goes anywhere. A file is read as a stream,
//! so that its size does not matter.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use common::domain::catalogue::Catalogue;
use common::domain::hash::{Evidence, HashOutcome, Sha256Hex, judge};
use common::domain::image::ImageFile;
use common::domain::version::Version;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::context::Context;
use crate::exit;
use crate::failure::Failure;
use crate::output::{Page, Table};
use crate::progress::Progress;

/// Bytes hashed at once.
const CHUNK: usize = 1 << 20;

/// What was found, in the order of the command.
#[derive(Serialize)]
struct Verified {
    files: Vec<Checked>,
}

/// One file. Names of fields are interface.
#[derive(Serialize)]
struct Checked {
    file: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Sha256Hex>,
    outcome: Outcome,
    /// The trusted hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<Sha256Hex>,
    /// Where the trusted hash stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// What is known of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// Equal to the trusted hash.
    Verified,
    /// Differs from it.
    Mismatch,
    /// No hash is trusted for it.
    NoReference,
    /// Its name does not tell which image it is.
    NotAnImageName,
    /// It cannot be read.
    Unreadable,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Mismatch => "MISMATCH",
            Self::NoReference => "no reference",
            Self::NotAnImageName => "not an image name",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Hashes each file and compares it.
pub(crate) async fn run(context: &Context, files: Vec<PathBuf>) -> anyhow::Result<u8> {
    let trusted = Catalogue::new(context.ledger().await?.hashes().await?)
        .map_err(|conflicts| Failure::bad_file("the trusted hashes of the ledger", &conflicts))?;
    let checked = tokio::task::spawn_blocking(move || {
        files.into_iter().map(|file| check(file, &trusted)).collect::<Vec<_>>()
    });
    let verified = Verified { files: checked.await? };
    context.output.print(&verified, page)?;
    let all = verified.files.iter().all(|file| file.outcome == Outcome::Verified);
    Ok(if all { exit::OK } else { exit::SOME_NOT })
}

fn check(file: PathBuf, trusted: &Catalogue) -> Checked {
    let bare = |file, outcome, message| Checked {
        file,
        version: None,
        sha256: None,
        outcome,
        expected: None,
        source: None,
        message: Some(message),
    };
    let Some((name, version)) = named(&file) else {
        let message =
            "an image is named like PanOS_440-11.1.4-h7: its version stands behind the first `-`".to_owned();
        return bare(file, Outcome::NotAnImageName, message);
    };
    let sha256 = match hashed(&file) {
        Ok(sha256) => sha256,
        Err(error) => return bare(file, Outcome::Unreadable, error.to_string()),
    };
    let entry = trusted.entry(&version, Some(&name));
    let judged = judge(Some(&sha256), entry.map(|entry| &entry.sha256), Evidence::ComputedFromBytes);
    Checked {
        file,
        version: Some(version),
        outcome: match judged {
            HashOutcome::Verified { .. } => Outcome::Verified,
            HashOutcome::Mismatch { .. } => Outcome::Mismatch,
            HashOutcome::NoReference { .. } | HashOutcome::NotReported => Outcome::NoReference,
        },
        expected: entry.map(|entry| entry.sha256.clone()),
        source: entry.map(|entry| entry.source.clone()),
        message: None,
        sha256: Some(sha256),
    }
}

/// The image that a file name tells: `PanOS_440-11.1.4-h7` is 11.1.4-h7 for one platform.
fn named(file: &Path) -> Option<(ImageFile, Version)> {
    let name = ImageFile::parse(file.file_name()?.to_str()?).ok()?;
    let version = name.as_str().split_once('-')?.1.parse().ok()?;
    Some((name, version))
}

fn hashed(path: &Path) -> io::Result<Sha256Hex> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let progress = Progress::of_bytes(bytes, "hashing");
    let mut sha256 = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(Sha256Hex::from_digest(sha256.finalize().into())),
            Ok(n) => {
                sha256.update(chunk.get(..n).unwrap_or_default());
                progress.add(n);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn page(verified: &Verified, page: &mut Page) {
    let mut table = Table::new(["FILE", "OUTCOME", "SHA-256", "WHY"]);
    for file in &verified.files {
        let why = match (file.outcome, &file.expected, &file.source) {
            (Outcome::Mismatch, Some(expected), Some(source)) => format!("trusted is {expected} ({source})"),
            (Outcome::Verified, _, Some(source)) => format!("as {source} says"),
            (Outcome::NoReference, ..) => {
                "`panos-upgrade hash add` trusts the vendor's published hash".to_owned()
            }
            (Outcome::Verified | Outcome::Mismatch | Outcome::NotAnImageName | Outcome::Unreadable, ..) => {
                file.message.clone().unwrap_or_default()
            }
        };
        let sha256 = file.sha256.as_ref().map(ToString::to_string).unwrap_or_default();
        table.row([file.file.display().to_string(), file.outcome.as_str().to_owned(), sha256, why]);
    }
    page.table(&table);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_tells_its_version() {
        for (name, version) in [
            ("PanOS_440-11.1.4-h7", Some("11.1.4-h7")),
            ("images/PanOS_vm-10.2.0", Some("10.2.0")),
            ("PanOS_440", None),
            ("PanOS_440-latest", None),
            ("notes.txt", None),
        ] {
            let found = named(Path::new(name)).map(|(_, version)| version.to_string());
            assert_eq!(found.as_deref(), version, "{name}");
        }
    }

    #[test]
    fn a_stream_hashes_as_the_whole_does() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let bytes = vec![7; CHUNK + 1];
        std::fs::write(file.path(), &bytes).unwrap();
        assert_eq!(hashed(file.path()).unwrap(), Sha256Hex::of(&bytes));
    }
}
