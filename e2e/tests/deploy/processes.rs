//! docker-compose.yml, profile demo, started by `scripts/compose-as-processes` as the processes that it describes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use testkit::ports::free_port;
use testkit::process::{Ended, Process, Program, Stream};
use testkit::wait::wait_until;

use crate::root;

/// Two servers, a migration, a dashboard and two workers, on two cores that others use too.
const READY: Duration = Duration::from_secs(120);

/// A fleet of twenty with downloads of a second.
const DRAINED: Duration = Duration::from_secs(90);

/// Workers hand back, RabbitMQ closes in order.
const STOPPED: Duration = Duration::from_secs(60);

const COMMAND: Duration = Duration::from_secs(60);

/// What runs, and where its data is.
struct Demo {
    directory: TempDir,
    process: Process,
    dashboard: u16,
}

impl Demo {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let secrets = directory.path().join("secrets");
        let made =
            Program::at(root().join("scripts/make-secrets.sh")).arg(&secrets).run(COMMAND).await.unwrap();
        assert!(made.status.success(), "{made:?}");
        let dashboard = free_port().unwrap();
        let process = program(directory.path())
            .args(["--profile", "demo", "--scale", "demo-worker=2", "up"])
            .env("SECRETS", &secrets)
            .env("DASHBOARD_PORT", dashboard.to_string())
            .env("POSTGRES_PORT", free_port().unwrap().to_string())
            .env("RABBITMQ_PORT", free_port().unwrap().to_string())
            .env("RABBITMQ_MANAGEMENT_PORT", free_port().unwrap().to_string())
            .env("DEMO_DEVICES", "20")
            .env("DEMO_DOWNLOAD_TIME", "1s")
            .start()
            .unwrap();
        let mut demo = Self { directory, process, dashboard };
        if let Err(error) = demo.process.ready_line(READY).await {
            panic!("{error}\n{}", demo.logs());
        }
        demo
    }

    fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    fn secret(&self, name: &str) -> String {
        fs::read_to_string(self.directory.path().join("secrets").join(name)).unwrap()
    }

    /// What the containers wrote.
    fn logs(&self) -> String {
        let Ok(files) = fs::read_dir(self.state().join("logs")) else { return String::new() };
        let texts = files.map(|file| {
            let path = file.unwrap().path();
            format!("--- {}\n{}", path.display(), String::from_utf8_lossy(&fs::read(&path).unwrap()))
        });
        texts.collect::<Vec<_>>().join("\n")
    }

    /// `docker compose run demo-operator ...`
    async fn operator(&self, command: &[&str]) -> Ended {
        let run = program(self.directory.path()).args(["run", "demo-operator"]).args(command);
        run.run(COMMAND).await.unwrap()
    }

    /// What the dashboard answers to whom.
    async fn ask(&self, path: &str, token: Option<&str>) -> (u16, String) {
        let url = format!("http://127.0.0.1:{}{path}", self.dashboard);
        // Even plain HTTP wants one; an error says that it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(COMMAND).no_proxy().build().unwrap();
        let mut asked = client.get(url);
        if let Some(token) = token {
            asked = asked.bearer_auth(token);
        }
        let answer = asked.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

fn program(directory: &Path) -> Program {
    // This test is in `deps` beside them.
    let this = std::env::current_exe().unwrap();
    let binaries = this.parent().unwrap().parent().unwrap();
    Program::at(root().join("scripts/compose-as-processes"))
        .arg("--state")
        .arg(directory.join("state"))
        .arg("--binaries")
        .arg(binaries)
}

/// Where in a text each of these lines begins; each after the one before.
#[track_caller]
fn in_order(text: &str, lines: &[&str]) {
    let mut from = 0;
    for line in lines {
        let found = text[from..].find(line);
        from += found.unwrap_or_else(|| panic!("no {line:?} where it belongs in:\n{text}"));
    }
}

/// Processes and mounts of this machine that have to do with a directory, but for what guards the test's own process.
fn left_of(directory: &Path) -> Vec<String> {
    let directory = directory.to_str().unwrap();
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let command = fs::read(entry.unwrap().path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&command).replace('\0', " "))
    });
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let mounts = mounts.lines().map(str::to_owned).collect::<Vec<_>>();
    processes
        .chain(mounts)
        .filter(|line| line.contains(directory) && !line.contains("testkit-process-"))
        .collect()
}

#[tokio::test]
async fn the_demo_of_compose_starts_in_order_drains_answers_and_leaves_nothing() {
    let mut demo = Demo::start().await;
    let told = demo.process.text(Stream::Stderr);
    in_order(&told, &["postgres: healthy", "roles: completed", "migrate: completed", "grants: completed"]);
    in_order(&told, &["rabbitmq: healthy", "grants: completed", "dashboard: healthy"]);
    in_order(&told, &["simulator: healthy", "grants: completed", "demo-worker: started"]);

    let discovered = demo.operator(&["panos-upgrade", "device", "discover"]).await;
    assert!(discovered.status.success(), "{discovered:?}\n{}", demo.logs());
    // What the images should be, or two devices that differ are a dispute that only a person ends.
    let trust = "panos-simulator catalogue --control http://127.0.0.1:8081 >/tmp/hashes.csv &&
        panos-upgrade hash import /tmp/hashes.csv";
    let trusted = demo.operator(&["sh", "-c", trust]).await;
    assert!(trusted.status.success(), "{trusted:?}");
    let queue = ["panos-upgrade", "download", "queue-all", "--target", "11.1.4-h7", "--reason", "CHG-4711"];
    let queued = demo.operator(&queue).await;
    assert!(queued.status.success(), "{queued:?}");

    let token = demo.secret("dashboard_token");
    assert_eq!(demo.ask("/healthz", None).await.0, 200);
    assert_eq!(demo.ask("/api/v1/fleet", None).await.0, 401);
    assert_eq!(demo.ask("/api/v1/fleet", Some("another")).await.0, 401);
    let (status, fleet) = demo.ask("/api/v1/fleet", Some(&token)).await;
    assert_eq!(status, 200, "{fleet}");
    assert_eq!(serde_json::from_str::<Value>(&fleet).unwrap()["n_devices"], 20, "{fleet}");
    let (status, page) = demo.ask("/devices", Some(&token)).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("data-total=\"20\""), "{page}");

    wait_until("every job has ended", DRAINED, async || {
        // Code 1: some jobs fail, as the simulated fleet says they must.
        let status = demo.operator(&["panos-upgrade", "--output", "json", "download", "status"]).await;
        let status: Value =
            serde_json::from_str(&status.stdout).map_err(|error| format!("{error}: {status:?}"))?;
        let left: u64 = ["scheduled", "available", "running"]
            .iter()
            .filter_map(|state| status["by_state"][state].as_u64())
            .sum();
        if status["total"].as_u64() > Some(0) && left == 0 {
            Ok(())
        } else {
            Err(status["by_state"].to_string())
        }
    })
    .await;

    let check = "panos-upgrade --output json job list --limit 1000 >/tmp/jobs.json || exit 9
        panos-simulator check --control http://127.0.0.1:8081 --jobs /tmp/jobs.json";
    let checked = demo.operator(&["sh", "-c", check]).await;
    assert!(checked.status.success(), "{checked:?}");

    demo.process.terminate().unwrap();
    let ended = demo.process.wait(STOPPED).await.unwrap();
    assert_eq!(ended.code(), Some(0), "{}", demo.process.text(Stream::Stderr));
    let told = demo.process.text(Stream::Stderr);
    // In the opposite order, and each by itself: nothing had to be killed.
    in_order(
        &told,
        &["demo-worker-2: ended with exit code 0", "postgres: ended with exit code 0", "stopped"],
    );
    assert_eq!(told.matches("demo-worker: ended with exit code 0").count(), 1, "{told}");
    assert!(!told.contains("exit code 137"), "{told}");
    assert_eq!(left_of(demo.directory.path()), Vec::<String>::new());

    let logs = demo.logs();
    for secret in [
        "dashboard_token",
        "postgres_superuser",
        "postgres_worker",
        "postgres_operator",
        "rabbitmq/panos-worker",
    ] {
        assert!(!logs.contains(demo.secret(secret).trim()), "{secret} is in a log");
    }
}
