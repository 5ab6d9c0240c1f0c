//! The command line: what the program is told, before anything is decided.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use simulator::span::Span;

const EXAMPLES: &str = "\
Examples:
  panos-simulator
      230 healthy firewalls and a Panorama; one line of JSON on stdout says where and with which key
  panos-simulator --scenario demo --download-time 5s --download-spread 0.3
      the same fleet with a handful of problems, each download between 3.5 and 6.5 seconds
  panos-simulator --scenario realistic --seed 3 --without stalls,ipv6-only
      500 firewalls with everything that real ones show, but for two things
  panos-simulator list
      every problem with the end that its job must have, and every harmless oddity
  panos-simulator --scenario fleet.toml --state-dir ./state
      a fleet as a file describes it; the CA certificate is written to ./state/ca.pem
  panos-simulator catalogue --control http://127.0.0.1:8080 > hashes.csv
      the true hashes of every image, for the trusted catalogue
  panos-simulator check --control http://127.0.0.1:8080 --jobs jobs.json
      compares how the jobs ended with how the scenario says they must end
  panos-simulator calls --control http://127.0.0.1:8080 --max-calls 45
      how many calls each download took, and how late its end was noticed";

const CONTROL: &str = "\
Control endpoint (plain HTTP and JSON, loopback only):
  GET  /state, /counters, /journal?since=N, /catalogue
  GET, POST, DELETE  /devices/SERIAL/faults     faults of one device (SERIAL `panorama`: of Panorama)
  POST, DELETE       /faults                    faults of every firewall
  POST /speed {\"download_time\": \"1s\"}           for downloads that begin from now on
  POST /reset-counters
A fault: {\"kind\": \"http_error\", \"status\": 502, \"count\": 3, \"for\": \"10s\", \"commands\": [\"job\"],
\"every\": 2}; only `kind` is needed, and a wrong kind is answered with the list of kinds.";

/// Both, for `--help`.
fn long_help() -> String {
    format!("{CONTROL}\n\n{EXAMPLES}")
}

/// A Panorama and thousands of PAN-OS firewalls on loopback addresses.
///
/// Answers the XML API over TLS on one port at 127.20.0.1 (Panorama) and 127.21.0.1 onward (firewalls); nothing is
/// reachable from other machines. When it is ready, it prints one line of JSON: addresses, account, key, CA file and
/// the control endpoint. It ends on SIGTERM and SIGINT. Logs go to stderr; RUST_LOG sets what is logged.
#[derive(Debug, Parser)]
#[command(name = "panos-simulator", version, after_help = EXAMPLES, after_long_help = long_help(), args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Without a sub-command, a fleet is simulated.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What the fleet is like.
    #[command(flatten)]
    pub run: Run,
}

/// What to do in place of simulating.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compare how jobs ended with how the scenario says they must end; exit code 1 when any differs.
    Check {
        /// Address of the control endpoint, as the ready line prints it.
        #[arg(long, value_name = "URL")]
        control: String,
        /// Job export: `{"jobs": [{"id", "serial", "state", "failure_kind", "ready_for_install"}]}`.
        #[arg(long, value_name = "FILE")]
        jobs: PathBuf,
    },
    /// Print how many calls each undisturbed download took and how late its end was noticed.
    Calls {
        /// Address of the control endpoint, as the ready line prints it.
        #[arg(long, value_name = "URL")]
        control: String,
        /// Exit code 1 when an image of nine real minutes or more took more calls, or its end was noticed later
        /// than 5 % of the download or 2 s, or when there is none.
        #[arg(long, value_name = "N")]
        max_calls: Option<u64>,
    },
    /// Print every problem with the end that its job must have, and every harmless oddity.
    List,
    /// Print the true hash of every image as CSV: version,filename,sha256.
    Catalogue {
        /// Address of the control endpoint, as the ready line prints it.
        #[arg(long, value_name = "URL")]
        control: String,
    },
}

/// How to simulate. What is given here wins over the scenario.
#[derive(Debug, Args)]
pub struct Run {
    /// Generated firewalls [default: 230; realistic: 500].
    #[arg(long, value_name = "N")]
    pub devices: Option<u64>,
    /// From which everything random follows [default: 7].
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// How long a download takes: 500ms, 10s, 2m [default: 10s].
    #[arg(long, value_name = "D")]
    pub download_time: Option<Span>,
    /// Each download takes between 1-F and 1+F times as long [default: 0].
    #[arg(long, value_name = "F")]
    pub download_spread: Option<f64>,
    /// How long a check of the software list takes [default: 50ms].
    #[arg(long, value_name = "D")]
    pub check_time: Option<Span>,
    /// How long a reboot takes [default: 3s; realistic: 7500ms].
    #[arg(long, value_name = "D")]
    pub reboot_time: Option<Span>,
    /// How many times faster than in reality goes what has a duration of its own [default: 20].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub scale: Option<u32>,
    /// Problems and oddities that no device of a realistic fleet has, by name.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub without: Vec<String>,
    /// Panorama is the passive one of its pair and shows every device as disconnected.
    #[arg(long)]
    pub passive_panorama: bool,
    /// Print every problem and oddity in place of simulating.
    #[arg(long)]
    pub list: bool,
    /// Port of every simulated box; 0 takes a free one.
    #[arg(long, value_name = "P", default_value_t = 0)]
    pub port: u16,
    /// Where the control endpoint listens; a loopback address.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub control: SocketAddr,
    /// plain (nothing goes wrong), demo (a handful of problems), realistic (all there is), or a TOML file.
    #[arg(long, value_name = "plain|demo|realistic|FILE", default_value = "plain")]
    pub scenario: String,
    /// Where the CA certificate is written [default: a fresh temporary directory].
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}
