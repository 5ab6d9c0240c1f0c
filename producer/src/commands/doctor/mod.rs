//! `doctor`: examines everything that has to be right for a fleet to be staged, and says what to do about the rest.
//!
//! Promises: changes nothing and cannot hurt: no file, queue or table is made, Panorama gets at most one log-in and a
//! firewall none without `--device`; each area has a time limit, and one that fails leaves the others their turn; no
//! secret is printed. Leaves to others: mending.
//!
//! | file | examines |
//! |---|---|
//! | `finding` | what a check came to |
//! | `network`, `tls`, `trust` | names, ports, certificates, the clock of a web server |
//! | `ledger`, `disk` | the server or the file behind the ledger, and the room that it has |
//! | `broker` | exchanges, queues, alarms |
//! | `fleet`, `inventory` | workers and what is stuck; devices and trusted hashes |
//! | `panorama`, `device` | the boxes themselves |

mod broker;
mod device;
mod disk;
mod finding;
mod fleet;
mod inventory;
mod ledger;
mod network;
mod panorama;
mod tls;
mod trust;

use std::path::Path;

use common::config::{self, ConfigError};
use common::ledger::Ledger;
use serde::Serialize;

use self::finding::{Finding, Verdict, within};
use crate::cli::DoctorArgs;
use crate::context::{Absent, Context};
use crate::exit;
use crate::output::{Output, Page, Table};
use crate::progress::Progress;

/// What was found. Names of fields are interface.
#[derive(Debug, Serialize)]
struct Examined {
    /// The worst of all.
    verdict: Verdict,
    n_ok: usize,
    n_warn: usize,
    n_fail: usize,
    /// In the order in which things depend on each other: the first that failed is the one to mend.
    findings: Vec<Finding>,
}

impl From<Vec<Finding>> for Examined {
    fn from(findings: Vec<Finding>) -> Self {
        let n = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
        let verdict = findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok);
        Self { verdict, n_ok: n(Verdict::Ok), n_warn: n(Verdict::Warn), n_fail: n(Verdict::Fail), findings }
    }
}

/// Examines everything; needs no configuration that reads, because that is the first thing to examine.
pub(crate) async fn run(output: Output, file: Option<&Path>, args: &DoctorArgs) -> anyhow::Result<u8> {
    let findings = match Context::new(file, output, Absent::Refuse) {
        Ok(context) => {
            let _progress = Progress::waiting("examining");
            examine(&context, file, args).await
        }
        Err(error) => match error.downcast_ref::<ConfigError>() {
            Some(ConfigError::Invalid { problems }) => {
                let remedy =
                    "mend this key in the file or in the environment; docs/configuration.md has them all";
                let found = problems.iter().map(ToString::to_string);
                found.map(|found| Finding::fail("configuration", "file", found, remedy)).collect()
            }
            Some(error) => vec![Finding::of_error("configuration", "file", error)],
            None => return Err(error),
        },
    };
    let examined = Examined::from(findings);
    output.print(&examined, page)?;
    Ok(if examined.n_fail == 0 { exit::OK } else { exit::SOME_NOT })
}

async fn examine(context: &Context, file: Option<&Path>, args: &DoctorArgs) -> Vec<Finding> {
    let config = &context.config;
    let mut findings = configuration(context, file);
    // Whether the ledger can be asked decides who can say anything about the fleet; looking at it costs a second.
    let (network, server, queues, panorama) = tokio::join!(
        within("network", network::examine(config)),
        within("ledger", ledger::examine(config)),
        within("broker", broker::examine(config)),
        within("panorama", panorama::examine(context)),
    );
    findings.extend(network);
    findings.extend(server);
    findings.extend(queues);
    match context.ledger().await {
        Ok(ledger) => findings.extend(examine_fleet(context, ledger.as_ref(), args).await),
        // Why the ledger cannot be asked stands above.
        Err(_) => findings.push(Finding::fail(
            "fleet",
            "ledger",
            "cannot be asked about the fleet",
            "mend the ledger first",
        )),
    }
    findings.extend(panorama);
    findings
}

async fn examine_fleet(context: &Context, ledger: &dyn Ledger, args: &DoctorArgs) -> Vec<Finding> {
    let (fleet, inventory, device) = tokio::join!(
        within("fleet", fleet::examine(ledger, context.config.broker.amqp_url().is_none())),
        within("inventory", inventory::examine(&context.config, ledger)),
        within("device", device::examine(context, ledger, args.device.as_deref())),
    );
    [fleet, inventory, device].concat()
}

/// Where the configuration comes from, and what it risks.
fn configuration(context: &Context, file: Option<&Path>) -> Vec<Finding> {
    let path = file.map_or_else(config::config_file, Path::to_owned);
    let found = if path.exists() {
        path.display().to_string()
    } else {
        format!("{} is not there: defaults and the environment", path.display())
    };
    let mut findings = vec![Finding::ok("configuration", "file", found)];
    let risks = context.config.warnings();
    findings.extend(risks.into_iter().map(|risk| Finding::warn("configuration", "risk", risk, None)));
    findings.push(match context.connector().and_then(|connector| Ok(connector.check_firewall_login()?)) {
        Ok(()) => Finding::ok("configuration", "firewall login", "is set; no firewall was asked"),
        Err(error) => Finding::of_error("configuration", "firewall login", error.as_ref()),
    });
    findings
}

fn page(examined: &Examined, page: &mut Page) {
    let mut table = Table::new(["AREA", "CHECK", "VERDICT", "FOUND"]);
    for Finding { area, check, verdict, found, .. } in &examined.findings {
        table.row([(*area).to_owned(), check.clone(), verdict.to_string(), found.clone()]);
    }
    page.table(&table);
    let remedies: Vec<_> = examined
        .findings
        .iter()
        .filter_map(|finding| finding.remedy.as_ref().map(|remedy| (finding, remedy)))
        .collect();
    if !remedies.is_empty() {
        page.gap();
        page.line("what to do:");
        for (Finding { area, check, .. }, remedy) in remedies {
            page.line(format!("- {area}, {check}: {remedy}"));
        }
    }
    page.gap();
    let Examined { n_ok, n_warn, n_fail, .. } = examined;
    page.line(format!("{n_ok} ok, {n_warn} to look at, {n_fail} failed"));
}
