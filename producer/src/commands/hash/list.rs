//! `hash list`: everything trusted.

use common::domain::catalogue::CatalogueEntry;
use serde::Serialize;

use crate::context::Context;
use crate::exit;
use crate::output::{Page, Table};

/// The catalogue, by version and file.
#[derive(Serialize)]
struct Hashes {
    hashes: Vec<CatalogueEntry>,
}

/// Lists the catalogue.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    let hashes = context.ledger().await?.hashes().await?;
    context.output.print(&Hashes { hashes }, page)?;
    Ok(exit::OK)
}

fn page(Hashes { hashes }: &Hashes, page: &mut Page) {
    if hashes.is_empty() {
        return page
            .line("nothing is trusted yet; `panos-upgrade hash import FILE` trusts the hashes of a file");
    }
    let mut table = Table::new(["VERSION", "FILE", "SHA-256", "SOURCE"]);
    for entry in hashes {
        table.row([
            entry.version.to_string(),
            entry.file_name.as_ref().map_or_else(|| "any".to_owned(), ToString::to_string),
            entry.sha256.to_string(),
            entry.source.clone(),
        ]);
    }
    page.table(&table);
}
