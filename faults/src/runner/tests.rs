//! The runner with scenarios that need no server.

use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::checker::Findings;
use futures_util::future::LocalBoxFuture;

use super::*;
use crate::report::{FOUND, OK};

type Played = LocalBoxFuture<'static, anyhow::Result<Outcome>>;

fn scenario(name: &'static str, run: fn(Stage) -> Played) -> Scenario {
    Scenario { name, fault: "nothing", needs: Needs::Shared, run }
}

fn plan(scenarios: Vec<Scenario>, logs: &Path) -> Plan {
    let usual = Duration::from_secs(5);
    let bound = Duration::from_secs(60);
    Plan {
        scenarios,
        size: Size::Short,
        seed: 7,
        time: None,
        usual,
        bound,
        n_at_once: 2,
        logs: logs.to_owned(),
    }
}

fn good(_: Stage) -> Played {
    Box::pin(async { Ok(Outcome { n_jobs: 3, ..Outcome::default() }) })
}

#[tokio::test]
async fn all_that_hold_are_an_exit_code_of_zero() {
    let logs = tempfile::tempdir().unwrap();
    let report = run(&plan(vec![scenario("one", good), scenario("two", good)], logs.path()), |_| {}).await;
    assert_eq!((report.exit_code(), report.plays.len()), (OK, 2));
    assert!(
        report.plays.iter().all(|play| play.seed == 7),
        "the first round has the seed that was asked for"
    );
}

#[tokio::test]
async fn a_finding_an_error_and_a_panic_are_failures_and_end_nothing_else() {
    let found = scenario("found", |_| {
        Box::pin(async {
            let findings = Findings { lost: vec!["job 4".to_owned()], ..Findings::default() };
            Ok(Outcome { findings, ..Outcome::default() })
        })
    });
    let error = scenario("error", |_| Box::pin(async { anyhow::bail!("no server") }));
    let panic = scenario("panic", |stage| {
        Box::pin(async move {
            stage.shelf().keep_output("worker 1", "its last words");
            panic!("seed {}", stage.seed)
        })
    });
    let logs = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    let plan = plan(vec![found, error, panic, scenario("good", good)], logs.path());
    let report = run(&plan, |play| told.push(play.scenario.name)).await;

    assert_eq!(report.exit_code(), FOUND);
    assert_eq!(told.len(), 4);
    let of = |name: &str| report.plays.iter().find(|play| play.scenario.name == name).unwrap();
    assert!(of("good").is_good());
    assert_eq!(of("found").complaints(), ["I1, I8, a job was lost: job 4"]);
    assert_eq!(of("error").complaints(), ["not judged: no server"]);
    assert_eq!(of("panic").complaints(), ["not judged: panicked: seed 7"]);
    let kept = of("panic").logs.clone().unwrap();
    assert_eq!(fs::read_to_string(kept.join("00-worker-1.log")).unwrap(), "its last words");
    assert_eq!(fs::read_to_string(kept.join("complaints.txt")).unwrap(), "not judged: panicked: seed 7");
}

#[tokio::test]
async fn a_scenario_that_does_not_end_is_a_failure_of_its_own() {
    let logs = tempfile::tempdir().unwrap();
    let hangs = scenario("hangs", |_| Box::pin(std::future::pending()));
    let plan = plan(vec![hangs, scenario("good", good)], logs.path());
    let report = run(&Plan { bound: Duration::from_secs(1), ..plan }, |_| {}).await;
    let complaints: Vec<_> = report.plays.iter().flat_map(Play::complaints).collect();
    assert_eq!(complaints, ["not judged: did not end within 1 s"]);
}

#[tokio::test]
async fn time_that_is_left_goes_to_random_ones_of_further_seeds() {
    let logs = tempfile::tempdir().unwrap();
    let quick = Plan {
        time: Some(Duration::from_millis(300)),
        usual: Duration::from_millis(1),
        n_at_once: 1,
        ..plan(vec![scenario("one", quickly), scenario("two", quickly)], logs.path())
    };
    let report = run(&quick, |_| {}).await;
    assert!(report.not_played.is_empty() && report.plays.len() > 2, "{:?}", n_plays(&report));
    let seeds: Vec<_> = report.plays.iter().map(|play| play.seed).collect();
    assert_eq!(seeds[..4], [7, 7, 8, 9]);
}

fn quickly(_: Stage) -> Played {
    Box::pin(async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        Ok(Outcome::default())
    })
}

#[tokio::test]
async fn none_is_begun_that_would_not_end_in_time() {
    let logs = tempfile::tempdir().unwrap();
    let short = Plan { time: Some(Duration::from_secs(1)), ..plan(vec![scenario("one", good)], logs.path()) };
    let report = run(&short, |_| {}).await;
    assert_eq!((report.plays.len(), report.not_played.as_slice()), (0, &["one"][..]));
    assert_eq!(report.exit_code(), FOUND, "nothing is shown by what was not played");
}

#[tokio::test]
async fn a_run_of_no_scenario_is_no_success() {
    let logs = tempfile::tempdir().unwrap();
    assert_eq!(run(&plan(Vec::new(), logs.path()), |_| {}).await.exit_code(), FOUND);
}

#[tokio::test]
async fn two_that_want_the_same_server_are_never_played_at_once() {
    for (one, other, wanted) in [
        (Needs::Broker, Needs::Cluster, true),
        (Needs::Broker, Needs::Both, true),
        (Needs::Database, Needs::Both, true),
        (Needs::Database, Needs::Database, true),
        (Needs::Database, Needs::Broker, false),
        (Needs::Shared, Needs::Both, false),
        (Needs::Shared, Needs::Shared, false),
    ] {
        assert_eq!((clash(one, other), clash(other, one)), (wanted, wanted), "{one:?}, {other:?}");
    }
}

/// How many are being played.
static N_NOW: AtomicUsize = AtomicUsize::new(0);
/// At most.
static N_MOST: AtomicUsize = AtomicUsize::new(0);

#[tokio::test]
async fn as_many_are_played_at_a_time_as_there_is_room_for() {
    let counted = |_: Stage| -> Played {
        Box::pin(async {
            let now = N_NOW.fetch_add(1, Ordering::SeqCst) + 1;
            N_MOST.fetch_max(now, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            N_NOW.fetch_sub(1, Ordering::SeqCst);
            Ok(Outcome::default())
        })
    };
    let logs = tempfile::tempdir().unwrap();
    let scenarios = ["a", "b", "c", "d"].map(|name| scenario(name, counted)).to_vec();
    let report = run(&plan(scenarios, logs.path()), |_| {}).await;
    assert_eq!((report.plays.len(), N_MOST.load(Ordering::SeqCst)), (4, 2));
}
