//! The suite can fail: what is spoilt on purpose is found, named, and ends the run with its exit code.
//!
//! Each scenario is a small campaign that goes well, and then somebody tampers with what came of it. The programs
//! must have been built (`cargo build --workspace`); `./test` does that.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a failed test")]

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use e2e::checker::Allowed;
use faults::fire::{self, Fire};
use faults::report::{FOUND, OK, Play, Report};
use faults::runner::{self, Plan};
use faults::scenario::{Needs, Outcome, Scenario, Size, Stage};
use futures_util::future::LocalBoxFuture;
use tokio_postgres::NoTls;

type Run = fn(Stage) -> LocalBoxFuture<'static, anyhow::Result<Outcome>>;

async fn played(run: Run) -> Report {
    let logs = tempfile::tempdir().unwrap();
    let scenario = Scenario { name: "sabotage", fault: "somebody tampers", needs: Needs::Shared, run };
    let plan = Plan {
        scenarios: vec![scenario],
        size: Size::Short,
        seed: 7,
        time: None,
        usual: runner::usual(Size::Short),
        bound: runner::bound(Size::Short),
        n_at_once: 1,
        logs: logs.path().to_owned(),
    };
    runner::run(&plan, |_| {}).await
}

/// What was found, of the one play.
fn found(report: &Report) -> &Outcome {
    let [Play { outcome, .. }] = report.plays.as_slice() else { panic!("{:?}", report.plays) };
    outcome.as_ref().unwrap()
}

/// A campaign of four devices that all get their images.
async fn over(stage: &Stage, mut fire: Fire) -> anyhow::Result<Fire> {
    fire.start_worker(None)?;
    fire.burns().await?;
    fire.queue_rest().await?;
    fire.all_have_ended().await?;
    // Nobody is there who could mend what is spoilt.
    fire.stop_workers().await;
    ensure!(stage.size == Size::Short);
    Ok(fire)
}

async fn fleet(stage: &Stage) -> anyhow::Result<Fire> {
    over(stage, Fire::lay(stage, small(stage)).await?).await
}

fn small(stage: &Stage) -> e2e::world::Setup {
    let mut setup = fire::setup(stage).download_time("500ms");
    setup.fleet.devices = 4;
    setup
}

#[tokio::test]
async fn a_campaign_that_nobody_touches_is_good() {
    let report =
        played(|stage| Box::pin(async move { fleet(&stage).await?.end(0, None, &Allowed::nothing()).await }))
            .await;
    assert_eq!(report.exit_code(), OK, "{:?}", report.plays);
    assert_eq!(found(&report).n_jobs, 4);
}

#[tokio::test]
async fn a_job_that_is_deleted_from_the_ledger_is_found() {
    let report = played(|stage| {
        Box::pin(async move {
            let fire = fleet(&stage).await?;
            let (client, connection) = tokio_postgres::connect(fire.servers()?.database.url(), NoTls).await?;
            let connection = tokio::spawn(connection);
            // As a person with all rights would, past foreign keys and triggers.
            let delete = "SET session_replication_role = replica;
                          DELETE FROM jobs WHERE id = (SELECT min(id) FROM jobs)";
            client.batch_execute(delete).await?;
            drop(client);
            connection.await??;
            fire.end(1, None, &Allowed::nothing()).await
        })
    })
    .await;
    assert_eq!(report.exit_code(), FOUND);
    assert!(!found(&report).findings.lost.is_empty(), "{:?}", found(&report).findings);
}

#[tokio::test]
async fn a_job_that_never_ends_is_found() {
    let report = played(|stage| {
        Box::pin(async move {
            let fire = fleet(&stage).await?;
            let (client, connection) = tokio_postgres::connect(fire.servers()?.database.url(), NoTls).await?;
            let connection = tokio::spawn(connection);
            let open = "UPDATE jobs SET state = 'available', ended_at = NULL, ready_for_install = false
                        WHERE id = (SELECT min(id) FROM jobs)";
            client.batch_execute(open).await?;
            drop(client);
            connection.await??;
            fire.judged(1, None, &Allowed::nothing()).await
        })
    })
    .await;
    assert_eq!(report.exit_code(), FOUND);
    assert!(!found(&report).findings.lost.is_empty(), "{:?}", found(&report).findings);
}

#[tokio::test]
async fn an_event_that_is_removed_from_the_log_is_found() {
    let report = played(|stage| {
        Box::pin(async move {
            let fire = over(&stage, Fire::lay_embedded(&stage, small(&stage)).await).await?;
            let file = fire.world.directory().join("ledger.sqlite");
            let n_deleted = tokio::task::spawn_blocking(move || remove_an_event(&file)).await??;
            ensure!(n_deleted == 1, "there was no event to remove");
            fire.end(1, None, &Allowed::nothing()).await
        })
    })
    .await;
    assert_eq!(report.exit_code(), FOUND);
    assert_eq!(found(&report).findings.missing_events.len(), 1, "{:?}", found(&report).findings);
}

/// One in the middle of some job's life.
fn remove_an_event(file: &Path) -> rusqlite::Result<usize> {
    let connection = rusqlite::Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    let delete = "DELETE FROM broker_events WHERE id = (
                      SELECT id FROM broker_events WHERE json_extract(body, '$.jobsequence') = 2 LIMIT 1)";
    connection.execute(delete, [])
}

#[tokio::test]
async fn a_download_that_somebody_asks_for_a_second_time_is_found() {
    let report = played(|stage| {
        Box::pin(async move {
            let fire = fleet(&stage).await?;
            ask_again(&fire).await?;
            fire.end(1, None, &Allowed::nothing()).await
        })
    })
    .await;
    assert_eq!(report.exit_code(), FOUND);
    assert_eq!(found(&report).findings.duplicated.len(), 1, "{:?}", found(&report).findings);
}

/// Asks a firewall for what it was asked for already, past everything.
async fn ask_again(fire: &Fire) -> anyhow::Result<()> {
    let simulator = &fire.world.simulator;
    let counters = simulator.counters().await;
    let ((serial, version), _) = counters.downloads().into_iter().next().context("nothing was downloaded")?;
    let devices = simulator.devices().await;
    let device = devices.iter().find(|device| device.serial == serial).context("an unknown device")?;
    let ready = simulator.ready();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ca = reqwest::Certificate::from_pem(&std::fs::read(&ready.ca_file)?)?;
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([ca]).build()?;
    let command = format!(
        "<request><system><software><download><version>{version}</version></download></software></system></request>"
    );
    let url = format!("https://{}:{}/api/", device.address, ready.firewall_port);
    let form = [("type", "op"), ("cmd", &command), ("key", &ready.api_key)];
    let answer = client.post(url).form(&form).send().await?.error_for_status()?.text().await?;
    ensure!(answer.contains("<job>"), "the firewall does not begin: {answer}");
    Ok(())
}

#[tokio::test]
async fn a_worker_that_dies_by_itself_is_found() {
    let report = played(|stage| {
        Box::pin(async move {
            let mut fire = Fire::lay(&stage, small(&stage)).await?;
            let place = fire.start_worker(None)?;
            fire.burns().await?;
            fire.queue_rest().await?;
            // Nobody tells the campaign.
            fire.worker(place).kill9()?;
            fire.start_worker(None)?;
            fire.end(1, None, &Allowed::nothing().after_a_kill()).await
        })
    })
    .await;
    assert_eq!(report.exit_code(), FOUND);
    let findings = &found(&report).findings;
    assert!(findings.lost.is_empty() && findings.duplicated.is_empty(), "{findings:?}");
    assert!(
        findings
            .other
            .iter()
            .any(|(invariant, text)| *invariant == "I13" && text.contains("nobody had told")),
        "{findings:?}"
    );
}
