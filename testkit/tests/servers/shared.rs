//! The program that starts both servers for a whole run, and what is left when it ends in one way or
//! another: nothing.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use testkit::wait::wait_until;

const SOON: Duration = Duration::from_secs(60);

struct Run {
    program: Child,
    variables: serde_json::Value,
    /// Every process that descends from the program, with its start time.
    family: BTreeSet<(String, String)>,
}

/// Starts the program with a temporary directory of its own and waits for its line.
fn start(directory: &std::path::Path) -> Run {
    let mut program = Command::new(env!("CARGO_BIN_EXE_testkit-servers"))
        .env("TMPDIR", directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let family = descendants(program.id());
    Run { program, variables: serde_json::from_str(&line).unwrap(), family }
}

/// `(pid, start time)` of all descendants, from the fields of `/proc/PID/stat` after the name.
fn descendants(ancestor: u32) -> BTreeSet<(String, String)> {
    let mut parents = BTreeSet::from([ancestor.to_string()]);
    let mut family = BTreeSet::new();
    loop {
        let before = family.len();
        for (pid, fields) in processes() {
            if parents.contains(&fields[1]) {
                parents.insert(pid.clone());
                family.insert((pid, fields[19].clone()));
            }
        }
        if family.len() == before {
            return family;
        }
    }
}

fn processes() -> Vec<(String, Vec<String>)> {
    let numbers =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let stat = |pid: String| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, fields) = stat.rsplit_once(") ")?;
        Some((pid, fields.split_ascii_whitespace().map(str::to_owned).collect()))
    };
    numbers.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).filter_map(stat).collect()
}

/// Waits until no process of the family lives (a zombie does not) and the directory is empty.
async fn nothing_is_left(run: &Run, directory: &std::path::Path) {
    wait_until("all processes have ended", SOON, async || {
        let left: Vec<_> = processes()
            .into_iter()
            .filter(|(pid, fields)| {
                fields[0] != "Z" && run.family.contains(&(pid.clone(), fields[19].clone()))
            })
            .map(|(pid, _)| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default())
            .collect();
        if left.is_empty() { Ok(()) } else { Err(left.join("; ").replace('\0', " ")) }
    })
    .await;
    wait_until("the temporary directory is empty", SOON, async || {
        let left: Vec<_> =
            fs::read_dir(directory).unwrap().flatten().map(|entry| entry.file_name()).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
}

/// Below the system's own, because the servers' account must be able to pass through it.
fn open_directory() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let all = fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("testkit-test-").permissions(all).tempdir().unwrap()
}

#[tokio::test]
async fn both_servers_run_until_stdin_closes() {
    let directory = open_directory();
    let mut run = start(directory.path());
    assert!(run.family.len() > 5, "{:?}", run.family);
    for variable in ["TEST_DATABASE_URL", "TEST_AMQP_URL", "TEST_AMQP_MANAGEMENT_URL"] {
        assert!(run.variables[variable].as_str().unwrap().contains("@127.0.0.1:"), "{}", run.variables);
    }
    drop(run.program.stdin.take());
    assert!(run.program.wait().unwrap().success());
    nothing_is_left(&run, directory.path()).await;
}

#[tokio::test]
async fn nothing_outlives_a_program_that_is_killed_without_warning() {
    let directory = open_directory();
    let mut run = start(directory.path());
    assert!(run.family.len() > 5, "{:?}", run.family);
    run.program.kill().unwrap();
    run.program.wait().unwrap();
    nothing_is_left(&run, directory.path()).await;
}
