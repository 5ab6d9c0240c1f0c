//! `config check`: reaches everything that the configuration names, and tells all that is wrong at once.
//!
//! The values themselves were checked when the configuration was read.

use std::error::Error;

use common::report::Chain;
use serde::Serialize;

use crate::commands::device::discover;
use crate::context::{self, Context};
use crate::exit;
use crate::failure;
use crate::output::{Page, Table, counted};

/// Every part that was tried. Names of fields are interface.
#[derive(Serialize)]
struct Checked {
    ok: bool,
    parts: Vec<Part>,
    /// What works and is risky.
    warnings: Vec<String>,
}

/// One thing that was reached, or not.
#[derive(Serialize)]
struct Part {
    part: &'static str,
    ok: bool,
    /// What it is, or what is wrong.
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    #[serde(skip)]
    code: u8,
}

impl Part {
    fn good(part: &'static str, found: impl Into<String>) -> Self {
        Self { part, ok: true, found: found.into(), remedy: None, code: exit::OK }
    }

    fn bad(part: &'static str, error: &(dyn Error + 'static)) -> Self {
        let (code, remedy) = failure::meaning(error);
        Self { part, ok: false, found: Chain(error).to_string(), remedy, code }
    }
}

/// Reaches ledger, broker and Panorama, and checks that firewalls could be logged in to.
pub(crate) async fn run(context: &Context) -> anyhow::Result<u8> {
    let mut parts = engine(context).await;
    parts.push(firewalls(context));
    if !context.config.firewall.messages.is_empty() {
        parts.push(messages(context));
    }
    let mut warnings = context.config.warnings();
    if context.config.panorama.host.is_some() {
        let (part, warning) = panorama(context).await;
        parts.push(part);
        warnings.extend(warning);
    }
    let checked = Checked { ok: parts.iter().all(|part| part.ok), parts, warnings };
    context.output.print(&checked, page)?;
    // A part that is away weighs more than one that is not configured: the code says to try again.
    Ok(checked.parts.iter().map(|part| part.code).max().unwrap_or(exit::OK))
}

async fn engine(context: &Context) -> Vec<Part> {
    let engine = match context::open(&context.config).await {
        Ok(engine) => engine,
        Err(error) => return vec![Part::bad("ledger and broker", error.as_ref())],
    };
    let ledger = match engine.ledger.check().await {
        Ok(()) => Part::good("ledger", engine.ledger.location()),
        Err(error) => Part::bad("ledger", &error),
    };
    let broker = match engine.broker.check().await {
        Ok(()) => Part::good("broker", engine.broker.location()),
        Err(error) => Part::bad("broker", &error),
    };
    vec![ledger, broker]
}

fn firewalls(context: &Context) -> Part {
    let checked = context.connector().and_then(|connector| Ok(connector.check_firewall_login()?));
    match checked {
        Ok(()) => Part::good("firewalls", "a login is configured; no firewall was asked"),
        Err(error) => Part::bad("firewalls", error.as_ref()),
    }
}

/// The operator's own patterns of messages: their kinds are the client's words, which only the worker knows.
fn messages(context: &Context) -> Part {
    match worker::messages::check(&context.config) {
        Ok(()) => {
            let n = counted(context.config.firewall.messages.len(), "pattern");
            Part::good("messages", format!("{n} of your own, asked before the built-in table"))
        }
        Err(error) => Part::bad("messages", &error),
    }
}

/// What Panorama is, and a warning when it is the one that stands by.
async fn panorama(context: &Context) -> (Part, Option<String>) {
    match ask_panorama(context).await {
        Ok((found, warning)) => (Part::good("panorama", found), warning),
        Err(error) => (Part::bad("panorama", error.as_ref()), None),
    }
}

async fn ask_panorama(context: &Context) -> anyhow::Result<(String, Option<String>)> {
    let host = context.config.panorama.host.as_ref().map_or("", |host| host.as_str());
    let panorama = context.connector()?.panorama(host)?;
    let info = panorama.system_info().await?;
    let found = format!("{} at {host}, {} with {}", info.hostname, info.model, info.sw_version);
    // A role that may list devices may lack the right to ask for this; discovery tells then.
    let is_passive = discover::is_passive(&panorama).await.unwrap_or(false);
    let warning = format!("{host} {}; panorama.host should name the active one", discover::PASSIVE);
    Ok((found, is_passive.then_some(warning)))
}

fn page(checked: &Checked, page: &mut Page) {
    let mut table = Table::new(["PART", "STATE", "WHAT"]);
    for part in &checked.parts {
        let state = if part.ok { "ok" } else { "wrong" };
        table.row([part.part.to_owned(), state.to_owned(), part.found.clone()]);
    }
    page.table(&table);
    for part in &checked.parts {
        if let Some(remedy) = &part.remedy {
            page.line(format!("{}: {remedy}", part.part));
        }
    }
    for warning in &checked.warnings {
        page.line(format!("warning: {warning}"));
    }
}
