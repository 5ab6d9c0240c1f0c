//! Clients that are not ours and that we did not change, against the simulator: pan-python's `panxapi.py` over TLS
//! that it verifies, and the software updater of pan-os-python, which checks no certificates. Log in, ask, download,
//! follow the job to its end.
//!
//! What they understand, the simulator says as PAN-OS does. `./test` installs them into the target directory.

use std::env;
use std::path::{Path, PathBuf};

use serde_json::Value;
use testkit::process::Program;
use testkit::wait::wait_until;

use e2e::simulator::{Fleet, Ready, Simulator};
use e2e::world::SOON;

#[tokio::test]
async fn pan_python_logs_in_asks_downloads_and_follows_the_job_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let fleet = Fleet { devices: 2, seed: 7, scenario: "plain".to_owned(), download_time: "2s".to_owned() };
    let simulator = Simulator::start(&fleet, directory.path()).await;
    let ready = simulator.ready();
    let client = |host: &str| Client { ready, host: host.to_owned(), home: directory.path().to_owned() };

    let panorama = client(&ready.panorama.host);
    let key = panorama.keygen().await;
    let devices = panorama.op(&key, "show devices connected").await;
    assert_eq!(devices.matches("<connected>yes</connected>").count(), 2, "{devices}");
    let firewall = client(&between(&devices, "<ip-address>", "</ip-address>"));

    let refused = firewall.run(&["-K", "no-such-key", "-Xo", "show system info", "-x"]).await;
    assert!(refused.is_err_and(|stderr| stderr.contains("403") && stderr.contains("Invalid Credential")));
    let key = firewall.keygen().await;
    let info = firewall.op(&key, "show system info").await;
    let (serial, running) =
        (between(&info, "<serial>", "</serial>"), between(&info, "<sw-version>", "</sw-version>"));

    let list = firewall.op(&key, "request system software check").await;
    let entries: Vec<&str> = list.split("<entry>").collect();
    assert!(entries.iter().any(|entry| entry.contains(&running) && entry.contains("<current>yes</current>")));
    let base = entries.iter().find(|entry| entry.contains("<version>11.1.0</version>")).unwrap();
    assert!(base.contains("<downloaded>no</downloaded>"), "{base}");

    // The client's own translation of command lines has no word for this one: as XML.
    let download = "<request><system><software><download><version>11.1.0</version></download></software></system></request>";
    let enqueued = firewall.run(&["-K", &key, "-o", download, "-x"]).await.unwrap();
    let job = between(&enqueued, "<job>", "</job>");
    let query = format!("<show><jobs><id>{job}</id></jobs></show>");
    let ended = wait_until(format!("job {job} has ended"), SOON, async || {
        let answer = firewall.run(&["-K", &key, "-o", &query, "-x"]).await.unwrap();
        if answer.contains("<status>FIN</status>") { Ok(answer) } else { Err(answer) }
    })
    .await;
    assert!(ended.contains("<result>OK</result>") && ended.contains("<type>Downld</type>"), "{ended}");

    let list = firewall.op(&key, "request system software info").await;
    let base = list.split("<entry>").find(|entry| entry.contains("<version>11.1.0</version>")).unwrap();
    assert!(base.contains("<downloaded>yes</downloaded>"), "{base}");
    assert_eq!(simulator.counters().await.devices[&serial].downloads["11.1.0"], 1);
    // And through Panorama, as it asks for a device by its serial.
    let key = panorama.keygen().await;
    let proxied =
        panorama.run(&["-K", &key, "--serial", &serial, "-Xo", "show system info", "-x"]).await.unwrap();
    assert!(proxied.contains(&format!("<serial>{serial}</serial>")), "{proxied}");
}

#[tokio::test]
async fn the_updater_of_pan_os_python_checks_downloads_and_polls() {
    let directory = tempfile::tempdir().unwrap();
    let fleet = Fleet { devices: 3, seed: 7, scenario: "plain".to_owned(), download_time: "2s".to_owned() };
    let simulator = Simulator::start(&fleet, directory.path()).await;
    let devices = simulator.devices().await;
    let serials: Vec<_> = devices.iter().map(|device| device.serial.as_str()).collect();
    let mut sorted = serials.clone();
    sorted.sort_unstable();
    let ready = simulator.ready();

    let known = updater(ready, "panorama", &ready.panorama.host).await;
    assert_eq!(known["serials"], serde_json::json!(sorted));

    let done = updater(ready, "firewall", &devices[0].address).await;
    assert_eq!(done["serial"], devices[0].serial);
    assert_eq!(done["running"], devices[0].version);
    assert_eq!((&done["before"], &done["after"]), (&Value::Bool(false), &Value::Bool(true)), "{done}");
    assert_eq!(done["success"], true, "{done}");
    assert!(done["messages"].to_string().contains("Successfully loaded into software manager"), "{done}");
    assert_eq!(simulator.counters().await.devices[serials[0]].downloads[STAGED], 1);
}

/// The version that pan-os-python brings to a firewall.
const STAGED: &str = "11.1.0";

/// What `updater.py` prints about one box.
async fn updater(ready: &Ready, kind: &str, host: &str) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/updater.py");
    let program = Program::at(installed("pan-os-python").join("python"))
        .env("SIMULATOR_USERNAME", &ready.username)
        .env("SIMULATOR_PASSWORD", &ready.password)
        .arg(script)
        .args([kind, host, &ready.firewall_port.to_string(), STAGED]);
    let ended = program.run(SOON).await.unwrap();
    assert!(ended.status.success(), "{}{}", ended.stdout, ended.stderr);
    serde_json::from_str(ended.stdout.trim()).unwrap()
}

/// `panxapi.py` for one box.
struct Client<'a> {
    ready: &'a Ready,
    host: String,
    home: PathBuf,
}

impl Client<'_> {
    /// An API key for the simulator's account.
    async fn keygen(&self) -> String {
        let login = format!("{}:{}", self.ready.username, self.ready.password);
        let printed = self.run(&["-l", &login, "-k"]).await.unwrap();
        between(&printed, "\"", "\"")
    }

    /// An operational command, in the client's own translation of command lines to XML.
    async fn op(&self, key: &str, command: &str) -> String {
        self.run(&["-K", key, "-Xo", command, "-x"]).await.unwrap()
    }

    /// What it prints; what it complains about when it ends with anything but success.
    async fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let programs = installed("pan-python");
        // Named by path, so that neither its interpreter line nor the length of that path matters.
        let program =
            Program::at(programs.join("python")).arg(programs.join("panxapi.py")).env("HOME", &self.home);
        let port = self.ready.firewall_port.to_string();
        let program = program.args(["-h", &self.host, "-P", &port, "--cafile"]).arg(&self.ready.ca_file);
        let ended = program.args(arguments).run(SOON).await.unwrap();
        if ended.status.success() { Ok(ended.stdout) } else { Err(ended.stderr) }
    }
}

/// Where `./test` installs a client: beside what cargo builds.
fn installed(package: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let target = test.ancestors().nth(3).unwrap_or(Path::new("target"));
    let directory = target.join(package);
    let programs = directory.join("bin");
    assert!(
        programs.join("python").exists(),
        "{package} is not installed in {0}: `./test` does that, or\n    python3 -m venv {0} && {0}/bin/pip install {package}",
        directory.display(),
    );
    programs
}

/// The text between two others.
fn between(text: &str, before: &str, after: &str) -> String {
    let found = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
    found.unwrap_or_else(|| panic!("nothing between {before:?} and {after:?} in {text}")).0.to_owned()
}
