//! What the program prints: progress and trouble to stderr, the table to stdout.
//!
//! Promises: no other module writes to either. Leaves to others: what the table says ([`table`](faults::table)).

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this module is the program's voice")]

use faults::report::Play;
use faults::runner::Plan;
use faults::scenario::{Scenario, Size};
use faults::table::{NAME_LENGTH, seconds};

/// Every scenario with its fault.
pub(crate) fn list(scenarios: &[Scenario]) {
    for Scenario { name, fault, .. } in scenarios {
        println!("{name:NAME_LENGTH$}  {fault}");
    }
}

/// What begins now.
pub(crate) fn begin(plan: &Plan, about: &str) {
    let size = match plan.size {
        Size::Short => "short",
        Size::Full => "full",
    };
    eprintln!("{} scenarios, {size}; {about}", plan.scenarios.len());
}

/// One line per play.
pub(crate) fn progress(number: usize, play: &Play) {
    let name = play.scenario.name;
    let took = seconds(play.took);
    let what = match &play.outcome {
        Err(_) => "NOT JUDGED".to_owned(),
        Ok(outcome) => {
            let recovered = outcome
                .recovered_in
                .map_or_else(String::new, |in_| format!(", recovered in {}", seconds(in_)));
            let verdict = if play.is_good() { "good" } else { "FOUND SOMETHING" };
            format!("{verdict}, {} faults, {} jobs{recovered}", outcome.n_faults, outcome.n_jobs)
        }
    };
    eprintln!("{number:3}  {name:NAME_LENGTH$}  {took:>8}  {what}");
    for complaint in play.complaints().iter().take(3) {
        eprintln!("     {complaint}");
    }
}

/// The table.
pub(crate) fn text(text: &str) {
    print!("\n{text}");
}

/// What is wrong with the run itself.
pub(crate) fn complain(text: &str) {
    eprintln!("error: {text}");
}
