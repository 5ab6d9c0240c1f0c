//! `config show`: every key, its value and where it came from; secrets only as set or not.

use common::config::{self, Shown};
use serde::Serialize;

use crate::context::Context;
use crate::exit;
use crate::output::Table;

/// The effective configuration.
#[derive(Serialize)]
struct Settings {
    keys: Vec<Shown>,
}

/// Shows the effective configuration.
pub(crate) fn run(context: &Context) -> anyhow::Result<u8> {
    let settings = Settings { keys: config::show(&context.config) };
    context.output.print(&settings, |settings, page| {
        let mut table = Table::new(["KEY", "VALUE", "FROM"]);
        for shown in &settings.keys {
            table.row([shown.key.to_owned(), shown.value.clone(), shown.origin.to_string()]);
        }
        page.table(&table);
    })?;
    Ok(exit::OK)
}
