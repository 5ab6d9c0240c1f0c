//! Who descends from whom, read from `/proc`.
//!
//! PostgreSQL puts each backend, and Erlang each helper, into a process group of its own, so that killing
//! the server's group does not reach them. A family is found by parentage while the parent still lives.
//! A process is its number *and* its start time: a number that was given out again is somebody else.

use std::{collections::HashMap, fs};

use rustix::process::{Pid, Signal};

/// One process, told apart from any later one with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pid: i32,
    /// Clock ticks since boot: field 22 of `/proc/PID/stat`, proc(5).
    started: u64,
}

impl Identity {
    /// Whether it is running, stopped or asleep; a zombie has ended.
    pub(crate) fn is_alive(self) -> bool {
        Entry::read(self.pid).is_some_and(|entry| entry.identity == self && !entry.has_ended)
    }

    /// Whether it stands still because of SIGSTOP.
    pub(crate) fn is_stopped(self) -> bool {
        Entry::read(self.pid).is_some_and(|entry| entry.identity == self && entry.is_stopped)
    }

    /// Its arguments, each with a zero byte behind it; nothing once it has ended.
    pub(crate) fn command_line(self) -> Vec<u8> {
        fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default()
    }

    /// Kills it, unless it has ended.
    pub(crate) fn kill(self) {
        self.signal(Signal::KILL);
    }

    /// Sends it a signal, unless it has ended.
    pub(crate) fn signal(self, signal: Signal) {
        if self.is_alive()
            && let Some(pid) = Pid::from_raw(self.pid)
        {
            // Between the look and this it may have ended, and then there is nobody to stop or to kill.
            let _ = rustix::process::kill_process(pid, signal);
        }
    }
}

/// All processes that descend from `ancestor`, without itself.
pub(crate) fn descendants(ancestor: i32) -> Vec<Identity> {
    let mut children: HashMap<i32, Vec<Identity>> = HashMap::new();
    for entry in all() {
        children.entry(entry.parent).or_default().push(entry.identity);
    }
    let mut found = Vec::new();
    let mut parents = vec![ancestor];
    while let Some(parent) = parents.pop() {
        for child in children.remove(&parent).unwrap_or_default() {
            parents.push(child.pid);
            found.push(child);
        }
    }
    found
}

/// All processes in the group `group` that have not ended.
pub(crate) fn group_members(group: i32) -> Vec<Identity> {
    all().filter(|entry| entry.group == group && !entry.has_ended).map(|entry| entry.identity).collect()
}

fn all() -> impl Iterator<Item = Entry> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(Entry::read)
}

/// What this module wants to know of one line of `/proc/PID/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    identity: Identity,
    parent: i32,
    group: i32,
    has_ended: bool,
    is_stopped: bool,
}

impl Entry {
    fn read(pid: i32) -> Option<Self> {
        Self::parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The second field is a name in parentheses that may hold spaces and parentheses itself, so the
    /// others are counted from the last `)`.
    fn parse(pid: i32, stat: &str) -> Option<Self> {
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        Some(Self {
            identity: Identity { pid, started: fields.get(19)?.parse().ok()? },
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            has_ended: matches!(*fields.first()?, "Z" | "X"),
            is_stopped: *fields.first()? == "T",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let stat = "42 (a) b (c)) Z 7 41 40 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 123456 1000 2 18446744073709551615";
        let identity = Identity { pid: 42, started: 123_456 };
        let expected = Entry { identity, parent: 7, group: 41, has_ended: true, is_stopped: false };
        assert_eq!(Entry::parse(42, stat), Some(expected));
    }

    #[test]
    fn this_test_is_alive_and_descends_from_its_runner() {
        let own = i32::try_from(std::process::id()).unwrap();
        let entry = Entry::read(own).unwrap();
        assert!(entry.identity.is_alive());
        assert!(!Identity { started: entry.identity.started + 1, ..entry.identity }.is_alive());
        assert!(descendants(entry.parent).contains(&entry.identity));
        assert!(group_members(entry.group).contains(&entry.identity));
    }
}
