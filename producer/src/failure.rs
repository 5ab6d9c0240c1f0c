//! What an error means to an operator: a sentence, what to do next, and an exit code.
//!
//! Promises: every error that reaches the top gets a code of [`exit`]; those a person can do something
//! about get a hint. Leaves to others: the sentences themselves, which errors carry.

use std::error::Error;
use std::io;

use common::broker::BrokerError;
use common::config::ConfigError;
use common::engine::EngineError;
use common::ledger::LedgerError;
use common::report::Chain;
use dashboard::ServerError;
use panos::{PanosError, Refusal};
use producer::csv_file::Unusable;
use worker::SetupError;
use worker::device::ConnectorError;

use crate::ask::NotSeen;
use crate::exit;
use crate::output::{self, Unwritable};

/// An error of a command's own: it knows its code and what to do next.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Failure {
    code: u8,
    text: String,
    hint: Option<String>,
}

impl Failure {
    /// Wrong usage or input: nothing was changed.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self { code: exit::USAGE, text: text.into(), hint: None }
    }

    /// Everything that is wrong with a file, one line each.
    pub(crate) fn bad_file(file: &str, problems: &[impl ToString]) -> Self {
        let lines: String = problems.iter().map(|problem| format!("\n  {}", problem.to_string())).collect();
        let n = problems.len();
        let noun = if n == 1 { "problem" } else { "problems" };
        Self::usage(format!("{file}: {n} {noun}, nothing was changed{lines}"))
    }

    /// The command did its work, and something is not as asked.
    pub(crate) fn some_not(text: impl Into<String>) -> Self {
        Self { code: exit::SOME_NOT, text: text.into(), hint: None }
    }

    /// Adds what to do next.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Tells `error` on stderr and answers its exit code.
pub(crate) fn report(error: &anyhow::Error) -> u8 {
    let source: &(dyn Error + 'static) = error.as_ref();
    if is_closed_pipe(source) {
        // Whoever read our output has seen enough, as `head` does.
        return exit::OK;
    }
    output::note(&format!("error: {}", Chain(source)));
    let (code, hint) = meaning(source);
    if let Some(hint) = hint {
        output::note(&format!("hint: {hint}"));
    }
    if code == exit::NOT_REACHABLE {
        output::note("hint: `panos-upgrade doctor` looks where on the way it fails");
    }
    code
}

fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    error
        .downcast_ref::<Unwritable>()
        .is_some_and(|Unwritable(error)| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Code and hint of an error, wherever in its chain the one that knows is.
pub(crate) fn meaning(error: &(dyn Error + 'static)) -> (u8, Option<String>) {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(meaning) = meaning_of_one(error) {
            return meaning;
        }
        next = error.source();
    }
    (exit::SOME_NOT, None)
}

fn meaning_of_one(error: &(dyn Error + 'static)) -> Option<(u8, Option<String>)> {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return Some((failure.code, failure.hint.clone()));
    }
    if error.is::<Unwritable>() {
        return Some((exit::SOME_NOT, Some(UNWRITABLE.to_owned())));
    }
    if let Some(error) = error.downcast_ref::<NotSeen>() {
        return Some(of_not_seen(error));
    }
    if let Some(unusable) = error.downcast_ref::<Unusable>() {
        return Some((exit::USAGE, unusable.hint.map(str::to_owned)));
    }
    let told = |(code, hint): (u8, Option<&str>)| (code, hint.map(str::to_owned));
    if let Some(error) = error.downcast_ref::<ConfigError>() {
        return Some(told((exit::USAGE, of_config(error))));
    }
    if let Some(error) = error.downcast_ref::<ServerError>() {
        return Some(told((exit::USAGE, Some(of_server(error)))));
    }
    if let Some(error) = error.downcast_ref::<LedgerError>() {
        return Some(told(of_ledger(error)));
    }
    if let Some(error) = error.downcast_ref::<BrokerError>() {
        return Some(told(of_broker(error)));
    }
    if let Some(error) = error.downcast_ref::<PanosError>() {
        return Some(told(of_panos(error)));
    }
    if let Some(error) = error.downcast_ref::<ConnectorError>() {
        return Some(of_connector(error));
    }
    if let Some(error) = error.downcast_ref::<EngineError>() {
        return Some(match error {
            EngineError::Ledger(error) => told(of_ledger(error)),
            EngineError::Broker(error) => told(of_broker(error)),
            EngineError::Pair { .. } => told((exit::USAGE, None)),
        });
    }
    match error.downcast_ref::<SetupError>()? {
        SetupError::Connector(error) => Some(of_connector(error)),
        SetupError::NotPerformed { .. } | SetupError::Listen(_) => Some(told((exit::USAGE, None))),
        SetupError::Ledger(error) => Some(told(of_ledger(error))),
        SetupError::Broker(error) => Some(told(of_broker(error))),
    }
}

/// What to do when a result could not be printed.
const UNWRITABLE: &str = "what the command does is done, only its result is lost: give its output a place with room, and look with `panos-upgrade download status` or another command that only reads";

fn of_not_seen(error: &NotSeen) -> (u8, Option<String>) {
    match error {
        NotSeen::Panos(error) => {
            let (code, hint) = of_panos(error);
            (code, hint.map(str::to_owned))
        }
        NotSeen::Connector(error) => of_connector(error),
        NotSeen::NoAddress
        | NotSeen::WrongDevice { .. }
        | NotSeen::VersionUnreadable { .. }
        | NotSeen::Stopped { .. } => (exit::SOME_NOT, Some(error.remedy())),
    }
}

fn of_server(error: &ServerError) -> &'static str {
    match error {
        ServerError::NoToken { .. } => "`--dashboard 127.0.0.1:8080` shows it on this machine alone",
        ServerError::Listen { .. } => "another dashboard? `--dashboard 127.0.0.1:0` takes a free port",
    }
}

fn of_config(error: &ConfigError) -> Option<&'static str> {
    match error {
        ConfigError::Absent { .. } => Some("name a file that exists, or leave --config out"),
        ConfigError::Unreadable { .. } | ConfigError::Unwritable { .. } => {
            Some("check owner and mode of the file")
        }
        ConfigError::Invalid { .. } => Some(
            "correct what is named above; nothing was connected. docs/samples/panos-upgrade.toml has every key",
        ),
        ConfigError::UnknownKey { .. } => Some("`panos-upgrade config show` lists every key"),
        ConfigError::SecretAsArgument { .. } => None,
    }
}

fn of_ledger(error: &LedgerError) -> (u8, Option<&'static str>) {
    match error {
        LedgerError::UnknownJob { .. } => {
            (exit::USAGE, Some("`panos-upgrade job list` shows the numbers of jobs"))
        }
        LedgerError::UnknownDevice { .. } => (
            exit::USAGE,
            Some(
                "`panos-upgrade device discover` reads the fleet from Panorama, `device import FILE` from a CSV file",
            ),
        ),
        LedgerError::UnknownWorker { .. } => {
            (exit::USAGE, Some("`panos-upgrade worker list --all` shows the names of workers"))
        }
        LedgerError::UnknownDeadLetter { .. } => {
            (exit::USAGE, Some("`panos-upgrade dead list` shows the numbers of dead letters"))
        }
        LedgerError::Full { .. } => (
            exit::NOT_REACHABLE,
            Some("make room on the ledger's disk; nothing is half done, doing it again is safe"),
        ),
        LedgerError::NotReachable { .. } => (
            exit::NOT_REACHABLE,
            Some("check ledger.url and that the database runs; doing it again later is safe"),
        ),
        LedgerError::Schema { found, wanted, .. } if found < wanted => {
            (exit::USAGE, Some("`panos-upgrade migrate` brings the schema up to date"))
        }
        LedgerError::Schema { .. } => {
            (exit::USAGE, Some("use a version of this program that is not older than the ledger"))
        }
        LedgerError::Store { .. } => {
            (exit::NOT_REACHABLE, Some("look at the database's log and its free space; nothing is half done"))
        }
        LedgerError::LeaseLost { .. } => (exit::SOME_NOT, None),
    }
}

fn of_broker(error: &BrokerError) -> (u8, Option<&'static str>) {
    match error {
        BrokerError::NotReachable { .. } | BrokerError::Lost { .. } => (
            exit::NOT_REACHABLE,
            Some("check broker.url and that the broker runs; doing it again later is safe"),
        ),
        BrokerError::Topology { .. } => (
            exit::NOT_REACHABLE,
            Some(
                "an exchange or queue of that name was made otherwise: remove it, or give us a virtual host of our own",
            ),
        ),
        BrokerError::Closed { .. } => (
            exit::NOT_REACHABLE,
            Some("check the broker's user, its password and its rights on the virtual host"),
        ),
        BrokerError::Settings { .. } => (exit::USAGE, Some("correct this key of the configuration")),
    }
}

/// Code and hint of a call that failed.
pub(crate) fn of_panos(error: &PanosError) -> (u8, Option<&'static str>) {
    match error {
        PanosError::NoAnswer { .. } => (
            exit::NOT_REACHABLE,
            Some("check address, port and the route to it; doing it again later is safe"),
        ),
        PanosError::Tls { .. } => (
            exit::NOT_REACHABLE,
            Some("compare the certificate with [tls]: verify, ca_file, or the pin of this host"),
        ),
        PanosError::Refused { refusal, .. } => (exit::NOT_REACHABLE, Some(of_refusal(refusal))),
        PanosError::UnexpectedAnswer { .. } | PanosError::TooLarge { .. } => (
            exit::NOT_REACHABLE,
            Some("look at what answers at this address: a proxy or a captive page is the usual cause"),
        ),
        PanosError::Setup { .. } => (exit::USAGE, Some("correct this part of the configuration")),
    }
}

fn of_refusal(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::CredentialsRejected | Refusal::KeyExpired => {
            "check user and password or the API key before trying again: refused log-ins lock accounts"
        }
        Refusal::SessionTimedOut => {
            "do it again; if it goes on, somebody else makes keys for this account, which ends our session"
        }
        Refusal::Permission => "give the account the right to run operational commands over the API",
        Refusal::BusyDownload
        | Refusal::BusyCommit
        | Refusal::BusySoftwareManager
        | Refusal::BusyImport
        | Refusal::Locked
        | Refusal::NeedsReboot
        | Refusal::Unavailable
        | Refusal::Internal
        | Refusal::HaSyncFailed
        | Refusal::JobLost => "wait a little and do it again",
        Refusal::UpdateServer => "check the device's DNS, service route and proxy towards the update server",
        Refusal::Entitlement => "renew the support contract of the device, or fetch its licences",
        Refusal::Offline => "Panorama has no connection to the device: check the device itself",
        Refusal::BaseMissing { .. }
        | Refusal::ContentTooOld
        | Refusal::NotDownloaded
        | Refusal::DiskFull
        | Refusal::CloudManaged
        | Refusal::UnknownVersion
        | Refusal::Permanent
        | Refusal::Unrecognised => "read the device's answer: it says what is missing",
    }
}

/// Code and hint of a way to a device that cannot be used.
pub(crate) fn of_connector(error: &ConnectorError) -> (u8, Option<String>) {
    match error {
        ConnectorError::Transport(error) => {
            let (code, hint) = of_panos(error);
            (code, hint.map(str::to_owned))
        }
        ConnectorError::NotConfigured { key } => (exit::USAGE, Some(login_hint(key))),
        ConnectorError::Messages(_) => (
            exit::USAGE,
            Some("correct [firewall.messages]; `panos-upgrade config check` checks it".to_owned()),
        ),
    }
}

/// How to give what `key` misses without showing a secret to other users of the machine.
fn login_hint(key: &str) -> String {
    match key.split_once('.') {
        Some((section @ ("firewall" | "panorama"), _)) => {
            let variable = format!("PANOS_UPGRADE__{}__", section.to_uppercase());
            format!(
                "export {variable}PASSWORD_FILE=FILE, then `panos-upgrade config set {section}.username NAME`; or {variable}API_KEY_FILE=FILE alone"
            )
        }
        Some(_) | None => format!("`panos-upgrade config set {key} VALUE`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_knows_decides_the_code_and_the_hint() {
        let error = anyhow::Error::from(LedgerError::UnknownJob { job: common::domain::job::JobId(7) });
        let (code, hint) = meaning(error.context("cancelling").as_ref());
        assert_eq!(code, exit::USAGE);
        assert!(hint.unwrap().contains("job list"));
    }

    #[test]
    fn a_missing_login_names_variables_and_takes_no_secret() {
        let error = anyhow::Error::from(ConnectorError::NotConfigured { key: "firewall.username" });
        let (code, hint) = meaning(error.as_ref());
        assert_eq!(code, exit::USAGE);
        assert!(hint.unwrap().contains("PANOS_UPGRADE__FIREWALL__API_KEY_FILE=FILE"));
    }

    #[test]
    fn every_problem_of_a_file_is_told() {
        let failure = Failure::bad_file("x.csv", &["line 2: a", "line 9: b"]);
        assert_eq!(failure.to_string(), "x.csv: 2 problems, nothing was changed\n  line 2: a\n  line 9: b");
    }
}
