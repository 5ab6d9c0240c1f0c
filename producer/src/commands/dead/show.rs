//! `dead show`: one letter with its bytes.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use common::ledger::DeadLetter;
use serde::Serialize;

use super::letters::Letter;
use crate::context::Context;
use crate::exit;
use crate::failure::Failure;
use crate::output::{Page, note, time};

/// Bytes that are shown; `--save` has them all.
const SHOWN: usize = 1024;

/// Bytes per line of the dump.
const PER_LINE: usize = 32;

/// A letter with what can be shown of its bytes. Names of fields are interface.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    letter: Letter,
    /// The whole body, where it is text.
    text: Option<String>,
    /// Its first bytes.
    hex: String,
}

/// Shows one letter, and writes its bytes where they are wanted.
pub(crate) async fn run(context: &Context, id: i64, save: Option<&Path>) -> anyhow::Result<u8> {
    let letter = context.ledger().await?.dead_letter(id).await?;
    if let Some(file) = save {
        write(file, &letter)?;
    }
    context.output.print(&Shown::from(&letter), page)?;
    Ok(exit::OK)
}

impl From<&DeadLetter> for Shown {
    fn from(letter: &DeadLetter) -> Self {
        Self {
            text: std::str::from_utf8(&letter.body).ok().map(str::to_owned),
            hex: hex::encode(letter.body.get(..SHOWN).unwrap_or(&letter.body)),
            letter: letter.into(),
        }
    }
}

/// Never over a file that is there.
fn write(file: &Path, letter: &DeadLetter) -> anyhow::Result<()> {
    let written = OpenOptions::new().write(true).create_new(true).open(file);
    written
        .and_then(|mut file| file.write_all(&letter.body))
        .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", file.display())))?;
    if u64::try_from(letter.body.len()).unwrap_or(u64::MAX) < letter.size_bytes {
        note(&format!("note: only the first {} of {} bytes were kept", letter.body.len(), letter.size_bytes));
    }
    Ok(())
}

fn page(shown: &Shown, page: &mut Page) {
    let Shown { letter, text, hex } = shown;
    page.facts(&[
        ("id", Some(letter.id.to_string())),
        ("reason", Some(letter.reason.clone())),
        ("died", Some(time(letter.died_at))),
        ("collected", Some(time(letter.collected_at))),
        ("message id", Some(letter.message_id.clone())),
        ("routing key", Some(letter.routing_key.clone())),
        ("job", letter.job.map(|job| job.to_string())),
        ("size", Some(format!("{} bytes", letter.size_bytes))),
    ]);
    page.gap();
    match text {
        Some(text) if text.chars().count() <= SHOWN => page.line(text),
        Some(text) => {
            page.line(text.chars().take(SHOWN).collect::<String>());
            page.line("(cut; --output json or --save FILE has the rest)");
        }
        None => dump(hex, page),
    }
}

fn dump(hex: &str, page: &mut Page) {
    // Two digits per byte, all of them ASCII.
    for (n, line) in hex.as_bytes().chunks(2 * PER_LINE).enumerate() {
        page.line(format!("{:08x}  {}", n * PER_LINE, String::from_utf8_lossy(line)));
    }
}
