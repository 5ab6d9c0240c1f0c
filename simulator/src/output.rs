//! What the program prints on stdout.
#![expect(clippy::print_stdout, reason = "the one place that prints data")]

use std::path::Path;

use serde::Serialize;
use simulator::calls::{JUDGED_S, LATE, LATE_SHARE, Report};
use simulator::check::{self, Group, Verdict};
use simulator::fleet::PANORAMA;
use simulator::scenario::{ODDITIES, Problem};
use simulator::world::{USERNAME, World};

/// Host names of deviating devices that a table names.
const NAMED: usize = 4;

/// Columns of a name in a list.
const NAME_WIDTH: usize = 23;
/// Columns of a line in a list.
const LINE_WIDTH: usize = 100;

/// Where a box answers.
#[derive(Debug, Serialize)]
struct Address {
    host: String,
    port: u16,
}

/// The one line that says that the fleet is ready. It holds the secrets of the simulated boxes: whoever starts the
/// program needs them.
#[derive(Serialize)]
struct Ready<'a> {
    panorama: Address,
    firewall_port: u16,
    username: &'a str,
    password: &'a str,
    api_key: &'a str,
    ca_file: &'a Path,
    control: String,
    devices: usize,
    target: String,
    scale: u32,
}

/// Prints the ready line.
///
/// # Errors
/// The line cannot be written as JSON, because the path of the CA file is not UTF-8.
pub fn ready(
    world: &World,
    port: u16,
    ca_file: &Path,
    control: std::net::SocketAddr,
) -> serde_json::Result<()> {
    let ready = Ready {
        panorama: Address { host: PANORAMA.to_string(), port },
        firewall_port: port,
        username: USERNAME,
        password: &world.password,
        api_key: &world.api_key,
        ca_file,
        control: format!("http://{control}"),
        devices: world.firewalls.len(),
        target: world.target.to_string(),
        scale: world.pace().scale,
    };
    println!("{}", serde_json::to_string(&ready)?);
    Ok(())
}

/// Prints the groups where there is more than one, each deviation, and the summary.
pub fn verdict(verdict: &Verdict) {
    if verdict.problems.len() > 1 {
        println!("{:<24} {:>7} {:>8} {:>9}", "PROBLEM", "DEVICES", "AS TOLD", "DIFFERING");
        verdict.problems.iter().for_each(group);
        println!();
    }
    if !verdict.oddities.is_empty() {
        println!("{:<24} {:>7} {:>8} {:>9}", "ODDITY", "DEVICES", "AS TOLD", "DIFFERING");
        verdict.oddities.iter().for_each(group);
        println!();
    }
    for one in &verdict.deviations {
        println!(
            "{} {} [{}]: expected {}, found {}",
            one.serial, one.hostname, one.scenario, one.expected, one.found
        );
    }
    println!("{}", verdict.summary());
}

fn group(group: &Group) {
    let n_differing = group.differing.len();
    let as_told = group.n_devices - n_differing;
    let mut names = group.differing.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if n_differing > NAMED {
        names += &format!(" and {} more", n_differing - NAMED);
    }
    let line = format!("{:<24} {:>7} {as_told:>8} {n_differing:>9}  {names}", group.name, group.n_devices);
    println!("{}", line.trim_end());
}

/// Prints what the downloads have cost.
pub fn calls(report: &Report) {
    println!("Undisturbed downloads, times as on real devices ({} times as long as here):", report.scale);
    println!(
        "{:>10} {:>7} {:>13} {:>10} {:>13} {:>10} {:>13} {:>10}",
        "DOWNLOAD", "IMAGES", "CALLS median", "most", "LATE median", "most", "SHARE median", "most"
    );
    for class in &report.classes {
        println!(
            "{:>10} {:>7} {:>13} {:>10} {:>12.1}s {:>9.1}s {:>12.1}% {:>9.1}%",
            format!("{} s +", class.from_s),
            class.n_images,
            class.calls.0,
            class.calls.1,
            class.late.0.as_secs_f64(),
            class.late.1.as_secs_f64(),
            class.late_share.0 * 100.0,
            class.late_share.1 * 100.0,
        );
    }
    println!(
        "{} downloads of {JUDGED_S} s and more: at most {} calls, {} ends noticed later than {:.0} % or {} s.",
        report.n_judged,
        report.most_calls,
        report.n_late,
        LATE_SHARE * 100.0,
        LATE.as_secs()
    );
    println!(
        "At most {} log-ins and {} connections for a device.",
        report.most_keygens, report.most_connections
    );
}

/// Prints every problem and every oddity.
pub fn list() {
    println!("Problems: one on a device, with the end that its job must have\n");
    for problem in Problem::ALL {
        let expected = problem.expected();
        row(problem.as_str(), problem.sentence());
        let end = check::in_words(&expected);
        let hash = match expected.hash.as_deref() {
            None | Some("verified") => String::new(),
            Some(outcome) => format!("; hash {outcome}"),
        };
        row("", &format!("-> {end}{hash}; {}", asks(expected.asks)));
    }
    println!("\nOddities: any number on a device; its job ends as without them\n");
    for oddity in ODDITIES {
        row(oddity.name, &format!("{} ({} %)", oddity.sentence, oddity.percent));
    }
}

/// A name, and a text beside it that is broken where a line is full.
fn row(name: &str, text: &str) {
    let mut line = format!("{name:<NAME_WIDTH$}");
    for word in text.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > LINE_WIDTH {
            println!("{line}");
            line = " ".repeat(NAME_WIDTH);
        }
        line = format!("{line} {word}");
    }
    println!("{line}");
}

fn asks(n: u32) -> String {
    match n {
        0 => "nothing is asked for".to_owned(),
        1 => "no image is asked for twice".to_owned(),
        n => format!("an image is asked for {n} times at most"),
    }
}

/// Prints a text as it is.
pub fn text(text: &str) {
    print!("{text}");
}
