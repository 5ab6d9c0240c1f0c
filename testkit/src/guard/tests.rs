//! Children that end, with whom they end, and who is left.

use std::{fs, path::PathBuf};

use super::*;
use crate::wait::wait_until;

const SOON: Duration = Duration::from_secs(20);

fn shell(script: &str, remove: Option<&Path>) -> Guarded {
    let words = ["sh", "-c", script].map(OsString::from);
    Guarded::spawn(Guarded::command(&words, remove)).unwrap()
}

fn group_of(guarded: &Guarded) -> i32 {
    guarded.group.as_raw_nonzero().get()
}

/// Waits until `script` has written `n` process numbers, one a line, into the file.
async fn numbers(file: &Path, n: usize) -> Vec<i32> {
    wait_until(format!("{n} processes are running"), SOON, async || {
        let text = fs::read_to_string(file).unwrap_or_default();
        let numbers: Vec<i32> = text.lines().filter_map(|line| line.parse().ok()).collect();
        if numbers.len() == n && text.ends_with('\n') { Ok(numbers) } else { Err(format!("{text:?}")) }
    })
    .await
}

/// A script that starts somebody in a session of its own; both write their numbers and wait.
fn in_two_sessions(file: &Path) -> String {
    let file = file.display();
    format!("echo $$ >>{file}; setsid sh -c 'echo $$ >>{file}; exec sleep 600' & wait")
}

/// The letter of `/proc/PID/stat`, proc(5).
fn state(pid: i32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn states(family: &[i32]) -> Vec<Option<char>> {
    family.iter().map(|pid| state(*pid)).collect()
}

fn is_alive(pid: i32) -> bool {
    // A zombie has ended; its parent has just not asked yet.
    state(pid).is_some_and(|state| state != 'Z')
}

#[tokio::test]
async fn killing_reaches_children_and_those_in_sessions_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("numbers");
    let script = format!(
        "echo $$ >>{0}; sh -c 'echo $$ >>{0}; exec sleep 600' & setsid sh -c 'echo $$ >>{0}; exec sleep 600' & wait",
        file.display()
    );
    let mut guarded = shell(&script, None);
    let family = numbers(&file, 3).await;
    assert!(family.iter().all(|pid| is_alive(*pid)));

    guarded.kill9().unwrap();

    assert!(!family.iter().any(|pid| is_alive(*pid)));
    assert!(process_table::group_members(group_of(&guarded)).is_empty());
}

#[tokio::test]
async fn dropping_leaves_no_process_and_a_stopped_one_is_no_exception() {
    let mut guarded = shell("exec sleep 600", None);
    guarded.signal(Signal::STOP).unwrap();
    let group = group_of(&guarded);
    drop(guarded);
    assert!(process_table::group_members(group).is_empty());
}

#[tokio::test]
async fn a_suspended_family_stands_still_as_a_whole_and_goes_on_as_a_whole() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("numbers");
    let mut guarded = shell(&in_two_sessions(&file), None);
    let family = numbers(&file, 2).await;

    guarded.suspend().unwrap();
    assert!(family.iter().all(|pid| state(*pid) == Some('T')), "{:?}", states(&family));
    guarded.resume().unwrap();
    wait_until("nobody stands still", SOON, async || {
        let states = states(&family);
        if states.contains(&Some('T')) { Err(format!("{states:?}")) } else { Ok(()) }
    })
    .await;

    guarded.suspend().unwrap();
    guarded.kill9().unwrap();
    assert!(!family.iter().any(|pid| is_alive(*pid)));
}

#[tokio::test]
async fn a_child_that_ends_by_itself_reports_how() {
    let mut guarded = shell("exit 7", None);
    assert_eq!(guarded.wait(SOON).await.unwrap().code(), Some(7));
    // The number may be somebody else's now, so no signal is sent.
    guarded.signal(Signal::KILL).unwrap();
}

#[tokio::test]
async fn a_child_that_goes_on_is_reported_after_the_bound() {
    let mut guarded = shell("exec sleep 600", None);
    let error = guarded.wait(Duration::from_millis(30)).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

fn close_the_pipe(guarded: &mut Guarded) {
    let mut other = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    drop(std::mem::replace(&mut guarded._lifeline, other.stdin.take().unwrap()));
    other.wait().unwrap();
}

/// Who is stopped sees nothing, and who is in another session is not in the group.
#[tokio::test]
async fn when_the_pipe_closes_a_suspended_family_dies_in_all_its_sessions() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("numbers");
    let mut guarded = shell(&in_two_sessions(&file), None);
    let family = numbers(&file, 2).await;
    guarded.suspend().unwrap();
    close_the_pipe(&mut guarded);
    wait_until("the family is dead", SOON, async || {
        let left = states(&family);
        if family.iter().any(|pid| is_alive(*pid)) { Err(format!("{left:?}")) } else { Ok(()) }
    })
    .await;
}

/// Death without a destructor looks the same to the companion: the pipe closes.
#[tokio::test]
async fn when_the_pipe_closes_the_group_dies_and_the_directory_goes() {
    let directory: PathBuf = tempfile::tempdir().unwrap().keep();
    let file = directory.join("numbers");
    let mut guarded = shell(&format!("echo $$ >>{}; exec sleep 600", file.display()), Some(&directory));
    let family = numbers(&file, 1).await;

    let group = group_of(&guarded);
    close_the_pipe(&mut guarded);

    wait_until("the group is dead", SOON, async || {
        guarded.ended().unwrap();
        let left = process_table::group_members(group);
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
    assert!(!is_alive(family[0]));
    wait_until("the directory is gone", SOON, async || {
        if directory.exists() { Err(format!("{} is there", directory.display())) } else { Ok(()) }
    })
    .await;
}
