//! `audit verify`: every hash of the trail, recomputed, and compared with anchors that were kept elsewhere.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use common::audit::ChainHead;
use common::audit::copies::Copies;
use common::audit::verify::{ANCHORS, Against, FirstBad, Verification, verify_against};
use common::ledger::Ledger;
use common::report::Chain;
use serde::Serialize;

use crate::context::Context;
use crate::exit;
use crate::failure::Failure;
use crate::output::Page;
use crate::paging;
use crate::progress::Progress;

/// Heads per page.
const PAGE: u32 = 1_000;

/// What was found, and with how many copies it was compared. Names of fields are interface.
#[derive(Serialize)]
struct Verdict {
    #[serde(flatten)]
    found: Verification,
    #[serde(skip_serializing_if = "Option::is_none")]
    copies: Option<usize>,
}

/// Recomputes everything; exit code 4 names a break.
pub(crate) async fn run(context: &Context, copies: Option<&Path>) -> anyhow::Result<u8> {
    let copies = copies.map(read).transpose()?;
    let ledger = context.ledger().await?;
    let progress = Progress::of(n_entries(ledger.as_ref()).await?, "recomputing the trail");
    let told = AtomicU64::new(0);
    let tell = |n: u64| {
        let before = told.swap(n, Ordering::Relaxed);
        progress.add(usize::try_from(n.saturating_sub(before)).unwrap_or(usize::MAX));
    };
    let against = Against { copies: copies.as_ref(), told: &tell };
    let found = verify_against(ledger.as_ref(), &against).await?;
    drop(progress);
    let verdict = Verdict { found, copies: copies.as_ref().map(Copies::n_anchors) };
    context.output.print(&verdict, page)?;
    Ok(if verdict.found.ok { exit::OK } else { exit::AUDIT_BROKEN })
}

/// Anchors as `audit anchors` printed them; `-` is standard input.
fn read(path: &Path) -> anyhow::Result<Copies> {
    let is_stdin = path == Path::new("-");
    let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
    let copies = if is_stdin {
        Copies::read(BufReader::new(io::stdin().lock()))
    } else {
        let file = File::open(path).map_err(|error| {
            Failure::usage(format!("cannot read {name}: {error}"))
                .hint("check the path, the owner and the mode of the file")
        })?;
        Copies::read(BufReader::new(file))
    };
    Ok(copies.map_err(|error| {
        Failure::usage(format!("{name}: {}", Chain(&error)))
            .hint("`panos-upgrade audit anchors --output json` writes such a file")
    })?)
}

/// How many entries there are, as far as the heads say.
async fn n_entries(ledger: &dyn Ledger) -> anyhow::Result<usize> {
    let mut n = 0;
    let ask = async |after: Option<String>| ledger.heads(after.as_deref(), PAGE).await;
    let take = |page: Vec<ChainHead>| {
        n += page.iter().map(|head| usize::try_from(head.seq).unwrap_or(0)).sum::<usize>();
        Ok(())
    };
    paging::each(None, |head| Some(head.chain.clone()), ask, take).await?;
    Ok(n)
}

fn page(verdict: &Verdict, page: &mut Page) {
    let Verdict { found: Verification { entries, devices, anchors, unanchored, first_bad, .. }, copies } =
        verdict;
    match first_bad {
        None => {
            page.line(format!("{entries} entries, {devices} devices, {anchors} anchors: every hash fits"));
            if let Some(copies) = copies {
                page.line(format!("{copies} copied anchors: the ledger has them all"));
            }
            if *unanchored > 0 {
                page.line(format!("{unanchored} entries came after the last anchor of their chain"));
            }
        }
        Some(FirstBad { chain, seq, reason }) => {
            if chain == ANCHORS {
                page.line(format!("the anchors break at anchor {seq}: {reason}"));
            } else {
                page.line(format!(
                    "{entries} entries fit, then chain {chain} breaks at entry {seq}: {reason}"
                ));
            }
            page.line("keep the ledger as it is, and compare it with a backup and with exported trails");
        }
    }
}
