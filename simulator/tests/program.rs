//! The real program: started, talked to over TLS that is verified, ended by a signal.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic in a test's helper is a failed test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

/// The longest wait for anything in these tests.
const PATIENCE: Duration = Duration::from_secs(30);

struct Simulator {
    child: Child,
    ready: Value,
    /// Removed with the test: a killed simulator cannot do it.
    state_dir: Option<tempfile::TempDir>,
}

impl Simulator {
    fn start(arguments: &[&str]) -> Self {
        let state_dir = tempfile::tempdir().unwrap();
        let path = state_dir.path().to_str().unwrap().to_owned();
        let mut simulator = Self::start_as_told(&[arguments, &["--state-dir", &path]].concat());
        simulator.state_dir = Some(state_dir);
        simulator
    }

    fn start_as_told(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_panos-simulator"))
            .args(arguments)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("ready line `{line}`: {error}"));
        Self { child, ready, state_dir: None }
    }

    fn text(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap()
    }

    fn port(&self) -> u16 {
        u16::try_from(self.ready["firewall_port"].as_u64().unwrap()).unwrap()
    }

    /// Trusts the authority of the ready line and nothing else.
    fn tls(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.text("ca_file")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        Arc::new(builder.unwrap().with_root_certificates(roots).with_no_client_auth())
    }

    /// Sends one request to `address`, expecting a certificate for `name`, and reads to the end.
    fn request(&self, address: IpAddr, name: IpAddr, request: &str) -> std::io::Result<String> {
        let stream = TcpStream::connect_timeout(&(address, self.port()).into(), PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let connection = ClientConnection::new(self.tls(), ServerName::from(name)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    fn post(&self, address: &str, form: &str) -> std::io::Result<String> {
        let address: IpAddr = address.parse().unwrap();
        let key = self.text("api_key");
        let request = format!(
            "POST /api/ HTTP/1.1\r\nHost: {address}\r\nX-PAN-KEY: {key}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        self.request(address, address, &request)
    }

    fn control(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let address = self.text("control").strip_prefix("http://").unwrap().to_owned();
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn terminate(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return status.code(),
                None if Instant::now() > deadline => panic!("still running {PATIENCE:?} after SIGTERM"),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SYSTEM_INFO: &str =
    "type=op&cmd=%3Cshow%3E%3Csystem%3E%3Cinfo%3E%3C%2Finfo%3E%3C%2Fsystem%3E%3C%2Fshow%3E";

#[test]
fn a_firewall_answers_over_verified_tls_and_the_program_ends_on_sigterm() {
    let simulator = Simulator::start_as_told(&["--devices", "40", "--scenario", "demo"]);
    assert_eq!(simulator.ready["devices"], 40);
    assert_eq!(simulator.text("target"), "11.1.4-h7");

    let login =
        format!("type=keygen&user={}&password={}", simulator.text("username"), simulator.text("password"));
    let keygen = simulator.post("127.21.0.5", &login).unwrap();
    assert!(keygen.starts_with("HTTP/1.1 200 OK\r\n") && keygen.contains("<key>LUFRPT1"), "{keygen}");
    let info = simulator.post("127.21.0.5", SYSTEM_INFO).unwrap();
    assert!(info.contains("<sw-version>") && info.contains("127.21.0.5"), "{info}");

    let ca_file = std::path::PathBuf::from(simulator.text("ca_file"));
    assert!(ca_file.is_absolute() && ca_file.exists());
    assert_eq!(simulator.terminate(), Some(0));
    assert!(!ca_file.exists(), "the temporary directory is gone");
}

#[test]
fn a_certificate_is_good_for_its_own_address_only() {
    let simulator = Simulator::start(&["--devices", "4"]);
    let (address, other) = ("127.21.0.1".parse().unwrap(), "127.21.0.2".parse().unwrap());
    let refused = simulator.request(address, other, "GET /api/ HTTP/1.0\r\n\r\n").unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
    // A GET with the parameters in the query, at the address that the certificate names.
    let request = format!("GET /api?type=version&key={} HTTP/1.0\r\n\r\n", simulator.text("api_key"));
    let answer = simulator.request(address, address, &request).unwrap();
    assert!(answer.contains("<sw-version>"), "{answer}");
}

#[test]
fn an_unreachable_device_is_refused_by_the_kernel_and_only_loopback_is_listened_on() {
    let simulator = Simulator::start(&["--devices", "40", "--scenario", "demo"]);
    let state: Value = serde_json::from_str(&simulator.control("GET", "/state", "").1).unwrap();
    let devices = state["devices"].as_array().unwrap();
    let unreachable = devices.iter().find(|device| device["scenario"] == "unreachable").unwrap();
    let refused = simulator.post(unreachable["address"].as_str().unwrap(), SYSTEM_INFO).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);

    let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let port = format!(":{:04X}", simulator.port());
    let columns = sockets.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let listening: Vec<_> = columns.filter(|c| c[1].ends_with(&port) && c[3] == "0A").collect();
    assert_eq!(listening.len(), 40, "Panorama and every device but the unreachable one");
    assert!(
        listening.iter().all(|c| c[1].starts_with("0100147F:") || c[1].ends_with(&format!("157F{port}")))
    );

    let elsewhere = Command::new(env!("CARGO_BIN_EXE_panos-simulator"))
        .args(["--devices", "1", "--control", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert!(!elsewhere.status.success());
    assert!(String::from_utf8(elsewhere.stderr).unwrap().contains("not a loopback address"));
}

#[test]
fn faults_are_injected_and_removed_at_run_time() {
    let simulator = Simulator::start(&["--devices", "2"]);
    let state: Value = serde_json::from_str(&simulator.control("GET", "/state", "").1).unwrap();
    let serial = state["devices"][0]["serial"].as_str().unwrap().to_owned();
    let address = state["devices"][0]["address"].as_str().unwrap().to_owned();
    let faults = format!("/devices/{serial}/faults");

    let (status, why) = simulator.control("POST", &faults, r#"{"kind": "html", "colour": 1}"#);
    assert!(status == 400 && why.contains("colour"), "{why}");
    assert_eq!(simulator.control("POST", "/devices/0/faults", r#"{"kind": "html"}"#).0, 404);

    let expired = r#"{"kind": "key_expired", "count": 1}"#;
    assert_eq!(simulator.control("POST", &faults, expired).0, 204);
    let answer = simulator.post(&address, SYSTEM_INFO).unwrap();
    let reason = format!("HTTP/1.1 400 Key Expired: {} has expired. \r\n", simulator.text("api_key"));
    assert!(answer.starts_with(&reason), "{answer}");

    assert_eq!(simulator.control("POST", &faults, r#"[{"kind": "reset"}, {"kind": "refuse"}]"#).0, 204);
    assert!(simulator.post(&address, SYSTEM_INFO).is_err());
    assert_eq!(simulator.control("DELETE", &faults, "").0, 204);
    assert_eq!(simulator.control("POST", &faults, r#"{"kind": "reset"}"#).0, 204);
    assert!(simulator.post(&address, SYSTEM_INFO).is_err());
    assert_eq!(simulator.control("DELETE", "/faults", "").0, 204);
    assert!(simulator.post(&address, SYSTEM_INFO).unwrap().contains("<serial>"));

    let huge = r#"{"kind": "huge_body", "bytes": 300000, "count": 1}"#;
    assert_eq!(simulator.control("POST", &faults, huge).0, 204);
    assert!(simulator.post(&address, SYSTEM_INFO).unwrap().len() > 300_000);

    let counters: Value = serde_json::from_str(&simulator.control("GET", "/counters", "").1).unwrap();
    assert_eq!(counters["devices"][&serial]["commands"]["system_info"], 4);
    assert_eq!(counters["calls"], 4);
    let journal: Value = serde_json::from_str(&simulator.control("GET", "/journal?since=2", "").1).unwrap();
    assert_eq!((journal["next"].as_u64(), journal["entries"].as_array().unwrap().len()), (Some(4), 2));
    assert_eq!(simulator.control("POST", "/reset-counters", "").0, 204);
    let counters: Value = serde_json::from_str(&simulator.control("GET", "/counters", "").1).unwrap();
    assert_eq!(counters["calls"], 0);
}

#[test]
fn an_imported_image_is_listed_as_uploaded() {
    let simulator = Simulator::start(&["--devices", "8", "--check-time", "0s"]);
    let check = "type=op&cmd=<request><system><software><check/></software></system></request>";
    // The chassis of every fleet: a PA-5260 at the eighth address.
    let address: IpAddr = "127.21.0.8".parse().unwrap();
    assert!(!simulator.post("127.21.0.8", check).unwrap().contains("<uploaded>yes</uploaded>"));
    let body = format!(
        "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"PanOS_5200-12.1.2\"\r\n\r\n{}\r\n--xyz--\r\n",
        "x".repeat(3_000_000)
    );
    let request = format!(
        "POST /api/?type=import&category=software HTTP/1.1\r\nHost: {address}\r\nX-PAN-KEY: {}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=xyz\r\nContent-Length: {}\r\n\r\n{body}",
        simulator.text("api_key"),
        body.len()
    );
    let answer = simulator.request(address, address, &request).unwrap();
    assert!(answer.contains("PanOS_5200-12.1.2 saved"), "{answer}");
    let list = simulator.post("127.21.0.8", check).unwrap();
    assert!(list.contains("<uploaded>yes</uploaded>"), "{list}");
}

#[test]
fn check_says_which_devices_ended_otherwise() {
    let simulator = Simulator::start(&["--devices", "2"]);
    let state: Value = serde_json::from_str(&simulator.control("GET", "/state", "").1).unwrap();
    let job = |i: usize, ready: bool| {
        serde_json::json!({"id": i, "serial": state["devices"][i]["serial"], "state": "completed",
            "failure_kind": null, "ready_for_install": ready})
    };
    let run = |jobs: Value| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), serde_json::json!({ "jobs": jobs }).to_string()).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_panos-simulator"))
            .args(["check", "--control", simulator.text("control"), "--jobs"])
            .arg(file.path())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let right = run(serde_json::json!([job(0, true), job(1, true)]));
    assert_eq!(right, (Some(0), "2 of 2 devices ended as the scenario says\n".to_owned()));
    let (code, text) = run(serde_json::json!([job(0, true), job(1, false)]));
    assert_eq!(code, Some(1));
    assert!(text.contains("expected completed, ready for install, found completed\n"), "{text}");
    assert!(text.ends_with("1 of 2 devices ended as the scenario says\n"), "{text}");
}

#[test]
fn the_catalogue_holds_the_hash_that_a_device_reports() {
    let simulator = Simulator::start(&["--devices", "1", "--check-time", "0s"]);
    let output = Command::new(env!("CARGO_BIN_EXE_panos-simulator"))
        .args(["catalogue", "--control", simulator.text("control")])
        .output()
        .unwrap();
    let catalogue = String::from_utf8(output.stdout).unwrap();
    assert_eq!(catalogue.lines().next(), Some("version,filename,sha256"));
    let row = catalogue.lines().find(|line| line.starts_with("11.1.4-h7,")).unwrap();
    let (filename, sha256) = row.split_once(',').unwrap().1.split_once(',').unwrap();
    let check = "type=op&cmd=<request><system><software><check/></software></system></request>";
    let list = simulator.post("127.21.0.1", check).unwrap();
    assert!(list.contains(filename) && list.contains(sha256), "{row}");
}
