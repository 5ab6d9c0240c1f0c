//! What the program prints on stdout.
#![expect(clippy::print_stdout, reason = "the one place that prints data")]

use std::path::Path;

use serde::Serialize;
use simulator::check::Verdict;
use simulator::fleet::PANORAMA;
use simulator::world::{USERNAME, World};

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
    };
    println!("{}", serde_json::to_string(&ready)?);
    Ok(())
}

/// Prints each deviation and the summary.
pub fn verdict(verdict: &Verdict) {
    for one in &verdict.deviations {
        println!(
            "{} {} [{}]: expected {}, found {}",
            one.serial, one.hostname, one.scenario, one.expected, one.found
        );
    }
    println!("{}", verdict.summary());
}

/// Prints a text as it is.
pub fn text(text: &str) {
    print!("{text}");
}
