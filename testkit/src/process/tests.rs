//! Processes that print, wait, end and are ended.

use std::os::unix::process::ExitStatusExt;

use super::*;
use crate::wait::wait_until;

const SOON: Duration = Duration::from_secs(20);

fn shell(script: &str) -> Program {
    Program::at("sh").args(["-c", script])
}

#[tokio::test]
async fn both_outputs_and_the_exit_code_are_kept() {
    let ended = shell("echo data; echo message >&2; exit 3").run(SOON).await.unwrap();
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("data\n", "message\n"));
    assert_eq!(ended.status.code(), Some(3));
}

#[test]
fn a_test_and_a_program_find_our_programs_in_the_same_place() {
    for product in ["/t/debug/deps/it-0f", "/t/debug/examples/it", "/t/debug/panos-chaos"] {
        assert_eq!(directory_of_programs(Path::new(product)), Path::new("/t/debug"), "{product}");
    }
}

#[tokio::test]
async fn the_ready_line_is_the_first_whole_line() {
    let mut process =
        shell("printf '{\"port\"'; printf ':1}\\n'; echo more; exec sleep 600").start().unwrap();
    assert_eq!(process.ready_line(SOON).await.unwrap(), "{\"port\":1}");
    assert_eq!(process.line(Stream::Stdout, "mor", SOON).await.unwrap(), "more");
    assert_eq!(whole_line_with("half a li", ""), None);
}

#[tokio::test]
async fn ending_early_is_reported_with_what_it_said() {
    let mut process = shell("echo no such scenario >&2; exit 2").start().unwrap();
    let message = process.ready_line(SOON).await.unwrap_err().to_string();
    assert!(message.starts_with("`sh`: it ended without a line"), "{message}");
    assert!(message.contains("exit status: 2") && message.contains("no such scenario"), "{message}");
}

#[tokio::test]
async fn terminate_reaches_the_program_and_kill_needs_no_consent() {
    let mut polite = shell("trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done").start().unwrap();
    polite.ready_line(SOON).await.unwrap();
    polite.terminate().unwrap();
    assert_eq!(polite.wait(SOON).await.unwrap().code(), Some(5));

    let mut stubborn = shell("trap '' TERM INT; echo ready; while :; do sleep 0.01; done").start().unwrap();
    stubborn.ready_line(SOON).await.unwrap();
    stubborn.terminate().unwrap();
    stubborn.interrupt().unwrap();
    assert!(stubborn.wait(Duration::from_millis(50)).await.is_err());
    assert_eq!(stubborn.kill9().unwrap().signal(), Some(9));
    assert!(!stubborn.is_running());
    assert_eq!(stubborn.text(Stream::Stdout), "ready\n");
}

#[tokio::test]
async fn a_suspended_process_stands_still_until_it_is_resumed() {
    let mut process = shell("while :; do echo tick; sleep 0.01; done").start().unwrap();
    process.ready_line(SOON).await.unwrap();
    process.suspend().unwrap();
    let stat = format!("/proc/{}/stat", process.id());
    wait_until("the process is stopped", SOON, async || {
        let stat = std::fs::read_to_string(&stat).unwrap();
        if stat.contains(") T ") { Ok(()) } else { Err(stat) }
    })
    .await;
    let printed = process.text(Stream::Stdout).len();
    assert!(process.is_running());

    process.resume().unwrap();
    wait_until("the process prints again", SOON, async || {
        if process.text(Stream::Stdout).len() > printed { Ok(()) } else { Err("no new tick".to_owned()) }
    })
    .await;
}

#[tokio::test]
async fn only_what_the_test_gives_is_in_the_environment() {
    let script = "echo \"$GIVEN\"; pwd; env | grep -c ^PANOS_UPGRADE__";
    let directory = tempfile::tempdir().unwrap().path().canonicalize().unwrap();
    std::fs::create_dir_all(&directory).unwrap();
    let ended = shell(script).env("GIVEN", "yes").directory(&directory).run(SOON).await.unwrap();
    assert_eq!(ended.stdout, format!("yes\n{}\n0\n", directory.display()));
}

#[test]
fn a_program_that_is_not_built_says_how_to_build_it() {
    let message = Program::ours("panos-nothing").unwrap_err().to_string();
    assert!(message.starts_with("`panos-nothing` is not at /"), "{message}");
    assert!(message.ends_with("/panos-nothing: build it with `cargo build --workspace`"), "{message}");
}
