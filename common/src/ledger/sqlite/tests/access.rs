//! Files that this user may not write. Root may write everything, so the process becomes `nobody` where this is root.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;

use testkit::wait::wait_until;

use super::*;
use crate::ledger::{Ledger, LedgerError};

/// The uid and gid of `nobody` on most systems; any that owns nothing will do.
const NOBODY: u32 = 65_534;

/// Started with a path; without one there is nothing to do. Says what opening and using the ledger answers.
#[tokio::test]
async fn open_as_a_process() {
    let Some(path) = path_as_a_process() else { return };
    let answer = match SqliteLedger::open(&path).await {
        Ok(ledger) => ledger.promote_due(1).await.map(drop),
        Err(error) => Err(error),
    };
    say(&match answer {
        Ok(()) => "fine".to_owned(),
        Err(error @ LedgerError::NotReachable { .. }) => format!("not reachable: {error}"),
        Err(error) => format!("something else: {error}"),
    });
}

fn open_as_nobody(path: &Path) -> String {
    let mut command = process("access::open_as_a_process", path);
    // SQLite would look for a place for temporary files.
    command.current_dir("/");
    if is_root(path) {
        command.uid(NOBODY).gid(NOBODY);
    }
    Talker::start(command).hear().unwrap()
}

/// Whoever owns what this test has just made.
fn is_root(path: &Path) -> bool {
    fs::metadata(path.parent().unwrap().parent().unwrap()).unwrap().uid() == 0
}

/// A directory within which `nobody` may do everything, and the file in it.
async fn place(make_file: bool) -> (tempfile::TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let path = outer.path().join("state/ledger.sqlite");
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::set_permissions(outer.path(), Permissions::from_mode(0o755)).unwrap();
    if make_file {
        SqliteLedger::open(&path).await.unwrap().check().await.unwrap();
        // The last connection takes log and shared memory with it, which belong to whoever made them.
        wait_until("the file is closed", Duration::from_secs(10), async || {
            let n_files = fs::read_dir(path.parent().unwrap()).unwrap().count();
            if n_files == 1 { Ok(()) } else { Err(format!("{n_files} files")) }
        })
        .await;
    }
    if is_root(&path) {
        for own in [Some(path.parent().unwrap()), make_file.then_some(path.as_path())].into_iter().flatten() {
            chown(own, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    (outer, path)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_file_that_may_not_be_written_is_told_with_the_remedy() {
    let (_outer, path) = place(true).await;
    assert_eq!(open_as_nobody(&path), "fine");
    set_mode(&path, 0o444);
    let answer = open_as_nobody(&path);
    assert!(answer.starts_with("not reachable:"), "{answer}");
    assert!(answer.contains(&format!("this user needs to write {}", path.display())), "{answer}");
    set_mode(&path, 0o600);
    assert_eq!(open_as_nobody(&path), "fine");
}

#[tokio::test]
async fn a_directory_that_may_not_be_written_is_told_with_the_remedy() {
    for make_file in [true, false] {
        let (_outer, path) = place(make_file).await;
        let directory = path.parent().unwrap();
        set_mode(directory, 0o555);
        let answer = open_as_nobody(&path);
        assert!(answer.starts_with("not reachable:"), "{answer}");
        assert!(answer.contains("this user needs to write"), "{answer}");
        assert!(answer.contains(&format!("in {}", directory.display())), "{answer}");
        set_mode(directory, 0o700);
        assert_eq!(open_as_nobody(&path), "fine");
    }
}
