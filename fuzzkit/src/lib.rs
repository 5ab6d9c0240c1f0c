//! Fuzz targets as ordinary tests: replay what was found before, then change it at random for a while.
//!
//! A target is a function over bytes that panics when a promise is broken. [`run`] gives it every file of its
//! corpus and then two seconds of changed ones, in every `./test`; `scripts/fuzz` runs the same function
//! coverage-guided for as long as wanted and keeps what it finds in the corpus.
//!
//! Promises: an input that breaks the target is kept in a file that the message names; needs nothing but the
//! standard library. Leaves to others: what has to hold (the targets) and finding new paths through the code
//! (libFuzzer).

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

mod mutate;
mod text;

pub use mutate::Mutator;
pub use text::{assert_printable, text_of};

/// How long [`run`] changes inputs at random, beside the replay of the corpus.
pub const RANDOM_TIME: Duration = Duration::from_secs(2);

/// Longest time for one input. Far above what any takes, because the tests share a machine; what an input of a
/// given size may take is measured by tests of its own ([`quickest_of_three`]).
pub const LONGEST: Duration = Duration::from_secs(5);

/// Replays the files of `corpus`, then gives `target` changed copies of them for [`RANDOM_TIME`]. `words` are
/// what the format is made of: keywords, separators, good values.
///
/// # Panics
/// When the target does, when an input takes longer than [`LONGEST`], and when the corpus is empty or cannot be
/// read: then nothing would be tested.
pub fn run(corpus: impl AsRef<Path>, words: &[&str], target: fn(&[u8])) {
    let corpus = corpus.as_ref();
    let inputs = read(corpus);
    assert!(!inputs.is_empty(), "{} has no inputs", corpus.display());
    for input in &inputs {
        attempt(corpus, input, target);
    }

    let mut mutator = Mutator::new(inputs, words);
    let end = Instant::now() + RANDOM_TIME;
    while Instant::now() < end {
        attempt(corpus, &mutator.next_input(), target);
    }
}

/// The time that `work` takes on a processor, the least of three: other programs of the machine hardly count.
pub fn quickest_of_three(mut work: impl FnMut()) -> Duration {
    let times = [(); 3].map(|()| {
        let (started, ran) = (Instant::now(), time_on_processor());
        work();
        match (ran, time_on_processor()) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            (None, _) | (_, None) => started.elapsed(),
        }
    });
    times.into_iter().min().unwrap_or_default()
}

/// How long this thread has run; the first number of `schedstat` (Linux, Documentation/scheduler/sched-stats).
fn time_on_processor() -> Option<Duration> {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = statistics.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// Every file of the corpus, in the order of names.
fn read(corpus: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(corpus).unwrap_or_else(|error| broken(corpus, &error.to_string()));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let read = |path: &PathBuf| fs::read(path).unwrap_or_else(|error| broken(path, &error.to_string()));
    paths.iter().filter(|path| path.is_file()).map(read).collect()
}

/// Gives the target one input; one that breaks it is kept for the next look.
fn attempt(corpus: &Path, input: &[u8], target: fn(&[u8])) {
    let started = Instant::now();
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| target(input)));
    let took = started.elapsed();
    let what = match outcome {
        Ok(()) if took <= LONGEST => return,
        Ok(()) => format!("took {took:?}"),
        Err(_) => "broke the target; its own message stands above".to_owned(),
    };
    let name = corpus.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let kept = std::env::temp_dir().join(format!("fuzz-{name}-{}", std::process::id()));
    let place = match fs::write(&kept, input) {
        Ok(()) => kept.display().to_string(),
        Err(error) => format!("nowhere ({error})"),
    };
    broken(
        corpus,
        &format!("an input of {} bytes {what}; kept in {place}: {}", input.len(), start_of(input)),
    );
}

/// The first part of an input as one would write it in a test.
fn start_of(input: &[u8]) -> String {
    let start = input.get(..200).unwrap_or(input);
    let cut = if start.len() < input.len() { ".." } else { "" };
    format!("b\"{}\"{cut}", start.escape_ascii())
}

/// Ends the test.
#[expect(clippy::panic, reason = "this crate is the last step of tests, and a failed one panics")]
fn broken(corpus: &Path, what: &str) -> ! {
    panic!("{}: {what}", corpus.display())
}

#[cfg(test)]
mod tests;
