//! A running simulator and a client that trusts its authority and nothing else.

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

pub struct Simulator {
    child: Child,
    pub ready: Value,
    /// Removed with the test: a killed simulator cannot do it.
    state_dir: Option<tempfile::TempDir>,
}

impl Simulator {
    pub fn start(arguments: &[&str]) -> Self {
        let state_dir = tempfile::tempdir().unwrap();
        let path = state_dir.path().to_str().unwrap().to_owned();
        let mut simulator = Self::start_as_told(&[arguments, &["--state-dir", &path]].concat());
        simulator.state_dir = Some(state_dir);
        simulator
    }

    pub fn start_as_told(arguments: &[&str]) -> Self {
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

    pub fn text(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap()
    }

    pub fn port(&self) -> u16 {
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
    pub fn request(&self, address: IpAddr, name: IpAddr, request: &str) -> std::io::Result<String> {
        let stream = TcpStream::connect_timeout(&(address, self.port()).into(), PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let connection = ClientConnection::new(self.tls(), ServerName::from(name)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    pub fn post(&self, address: &str, form: &str) -> std::io::Result<String> {
        let address: IpAddr = address.parse().unwrap();
        let key = self.text("api_key");
        let request = format!(
            "POST /api/ HTTP/1.1\r\nHost: {address}\r\nX-PAN-KEY: {key}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        self.request(address, address, &request)
    }

    pub fn control(&self, method: &str, path: &str, body: &str) -> (u16, String) {
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

    pub fn terminate(mut self) -> Option<i32> {
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

/// Runs a sub-command of the program: its exit code and what it prints.
pub fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_panos-simulator")).args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}
