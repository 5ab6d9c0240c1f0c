//! Both real ledgers do what the pure one does: random schedules of everything that can be asked of them, each answer
//! and each row of jobs and outbox compared after every operation.
//!
//! | file | holds |
//! |---|---|
//! | `schedule.rs` | what a schedule is made of, and how one is drawn |
//! | `bench.rs` | a real ledger, its clock set by hand, its rows as text |
//! | `replay.rs` | one schedule on both, step by step |
//! | `told.rs` | the pure ledger's rows and answers in the same words |
//!
//! `MODEL_SCHEDULES` says how many schedules are run (64), `MODEL_SEED` which. A schedule that fails is made as short as it can be
//! and printed with its seed.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers stand beside their tests; what they do not expect fails the test"
)]

mod bench;
mod replay;
mod schedule;
mod told;

use std::cell::Cell;
use std::time::Instant;

use bench::Bench;
use model::flaw::{Flaw, Rules};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use replay::Replay;
use schedule::Operation;

/// Schedules that are run where nothing else is asked for.
const SCHEDULES: u32 = 64;

/// The seed where none is asked for: a test that passes today passes tomorrow.
const SEED: u64 = 20_261_123;

fn from_environment<T: std::str::FromStr>(variable: &str, default: T) -> T {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Runs schedules on one ledger, each with devices and workers of its own; the first that differs from the model.
fn first_difference(
    open: impl AsyncFnOnce() -> Bench,
    rules: Rules,
    config: Config,
) -> Option<TestError<Vec<Operation>>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let bench = runtime.block_on(open());
    let seed: u64 = from_environment("MODEL_SEED", SEED);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let (began, n_operations) = (Instant::now(), Cell::new(0));
    let answer = TestRunner::new_with_rng(config, rng).run(&schedule::schedule(), |schedule| {
        n_operations.set(n_operations.get() + schedule.len());
        runtime.block_on(async { Replay::new(&bench, rules).await.run(&schedule).await })
    });
    println!("seed {seed}: {} operations in {:.1} s", n_operations.get(), began.elapsed().as_secs_f64());
    // Inside the runtime, as its connections are.
    runtime.block_on(async { drop(bench) });
    answer.err()
}

fn config() -> Config {
    let cases = from_environment("MODEL_SCHEDULES", SCHEDULES);
    Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() }
}

fn agrees(open: impl AsyncFnOnce() -> Bench) {
    if let Some(difference) = first_difference(open, Rules::ALL, config()) {
        panic!("{difference}");
    }
}

#[test]
fn sqlite_agrees_with_the_model_on_random_schedules() {
    agrees(async || Bench::sqlite().await);
}

#[test]
fn postgres_agrees_with_the_model_on_random_schedules() {
    agrees(async || Bench::postgres().await);
}

/// Otherwise the schedules would not reach what the rules are about.
#[test]
fn a_model_that_lacks_a_rule_differs_from_the_ledger() {
    let of_the_ledger = [
        Flaw::NoTokenInTheWrite,
        Flaw::TokenStaysTheSame,
        Flaw::DeleteBeforeConfirm,
        Flaw::SettleWithoutToken,
        Flaw::RescueByElapsedTime,
        Flaw::EnqueueWithoutLock,
        Flaw::ReleaseForgetsCancel,
        Flaw::NobodyWakesTheUnclaimed,
        Flaw::NobodyWakesTheHeldUp,
    ];
    for flaw in of_the_ledger {
        let config = Config { max_shrink_iters: 0, ..config() };
        let found = first_difference(async || Bench::sqlite().await, Rules::without(flaw), config);
        assert!(found.is_some(), "{flaw:?} makes no difference");
    }
}
