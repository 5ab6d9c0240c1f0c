//! A child process that cannot outlive this one.
//!
//! A test that is killed with SIGKILL runs no destructor. So every child gets a companion: a shell in the
//! child's own process group that reads from a pipe which only this process holds open. When this process
//! ends, however it ends, the pipe closes, and the companion kills the group, itself included. Being a
//! member, it also keeps the group's number from being given out again.
//!
//! `PR_SET_PDEATHSIG` would be simpler but is bound to the *thread* that started the child (prctl(2)), and
//! is forgotten when the child changes its user: test threads come and go, and servers change their user.
//!
//! Guarantees: [`Guarded::kill9`] and dropping leave no process of the family, found by group and by
//! parentage; a suspended family dies like any other. Leaves to others: what a graceful stop is.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal};

use crate::{
    process_table::{self, Identity},
    wait::poll_until,
};

/// `$1` is a directory to remove when this process has died, or empty; the rest is the program.
///
/// The companion does the removing through a shell in a session of its own (`setsid`, util-linux), because
/// it dies with its group. The loop is for a process that is still writing while it is being killed.
///
/// What is in another group ends by itself when it sees that its parent is gone, unless it is stopped. So
/// the companion looks for everybody by parentage too (`/proc/PID/task/TID/children`, proc(5)), leaving out
/// itself, whose number only `/proc/self` knows. A descendant that nobody finds is as before: it has to see.
const COMPANION: &str = r#"
directory=$1
shift
exec 3<&0 </dev/null
(
    exec >/dev/null 2>&1
    read -r _ <&3
    read -r own _ </proc/self/stat
    family() {
        for child in $(cat "/proc/$1/task/"*/children); do
            [ "$child" = "$own" ] || { echo "$child"; (family "$child"); }
        done
    }
    setsid sh -c '
        group=$1 directory=$2
        shift 2
        kill -s KILL -- "-$group" "$@"
        [ -n "$directory" ] || exit 0
        for _ in 1 2 3 4 5; do rm -rf -- "$directory" && break; sleep 0.2; done
    ' companion "$$" "$directory" $(family "$$")
    kill -s KILL -- "-$$"
) &
exec 3<&-
exec "$@"
"#;

/// How long killed processes may take to be gone. They need a page of bookkeeping each, not seconds; the
/// bound is for a machine that is busy.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// A running child with its companion. Its number is also that of its process group.
#[derive(Debug)]
pub(crate) struct Guarded {
    child: Child,
    group: Pid,
    /// Closing this is what the companion waits for.
    _lifeline: ChildStdin,
    /// Set once the whole family is gone: from then on the number may be somebody else's.
    gone: Option<ExitStatus>,
}

impl Guarded {
    /// A command that runs `program`, for [`Guarded::spawn`]. `remove` is a directory to remove should this
    /// process die without dropping the child.
    pub(crate) fn command(program: &[OsString], remove: Option<&Path>) -> Command {
        let mut command = Command::new("sh");
        let remove = remove.map_or_else(|| OsStr::new(""), Path::as_os_str);
        command.args(["-c", COMPANION, "guarded"]).arg(remove).args(program);
        command
    }

    /// Starts what [`Guarded::command`] made, in a process group of its own.
    pub(crate) fn spawn(mut command: Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).process_group(0).spawn()?;
        let group = Pid::from_child(&child);
        let Some(lifeline) = child.stdin.take() else {
            return Err(io::Error::other("a child without the pipe that was asked for"));
        };
        Ok(Self { child, group, _lifeline: lifeline, gone: None })
    }

    /// The process number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, or nothing while it has not.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Sends a signal to the child alone. A child that has ended gets none, and that is no error.
    pub(crate) fn signal(&mut self, signal: Signal) -> io::Result<()> {
        // Not reaped, so the number is still its own.
        if self.child.try_wait()?.is_none() {
            rustix::process::kill_process(self.group, signal)?;
        }
        Ok(())
    }

    /// Stops the child and all who descend from it, as they are: SIGSTOP. Returns when all stand still.
    ///
    /// Not the companion: it has to see when this process ends.
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        // The child goes first, so that it starts nobody else.
        self.signal(Signal::STOP)?;
        let deadline = Instant::now() + GONE_WITHIN;
        loop {
            let moving: Vec<Identity> =
                self.family().filter(|process| process.is_alive() && !process.is_stopped()).collect();
            if moving.is_empty() {
                return Ok(());
            }
            moving.into_iter().for_each(|process| process.signal(Signal::STOP));
            pause_before(deadline, "processes that were told to stop are still running")?;
        }
    }

    /// Lets everybody go on after [`Guarded::suspend`]: SIGCONT, which does nothing to who is not stopped.
    pub(crate) fn resume(&mut self) -> io::Result<()> {
        self.family().for_each(|process| process.signal(Signal::CONT));
        self.signal(Signal::CONT)
    }

    /// All who descend from the child, without the companion.
    fn family(&self) -> impl Iterator<Item = Identity> + use<> {
        let companion = ["sh", "-c", COMPANION].join("\0").into_bytes();
        let descendants = process_table::descendants(self.group.as_raw_nonzero().get());
        descendants.into_iter().filter(move |process| !process.command_line().starts_with(&companion))
    }

    /// Waits until it has ended, for `within` at most.
    pub(crate) async fn wait(&mut self, within: Duration) -> io::Result<ExitStatus> {
        let id = self.id();
        let waited =
            poll_until(format!("process {id} has ended"), within, async || match self.child.try_wait() {
                Ok(Some(status)) => Ok(Ok(status)),
                Ok(None) => Err("it is running".to_owned()),
                Err(error) => Ok(Err(error)),
            });
        waited.await.map_err(|timed_out| io::Error::new(io::ErrorKind::TimedOut, timed_out.to_string()))?
    }

    /// Kills the child, its group and all who descend from it, and returns when they are gone.
    ///
    /// Blocks, for as long as the kernel takes to end them: it is needed in destructors too.
    pub(crate) fn kill9(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.gone {
            return Ok(status);
        }
        // The child goes first: a server that sees its children die would start to recover.
        let mut family = process_table::descendants(self.group.as_raw_nonzero().get());
        self.signal(Signal::KILL)?;
        // No process in the group any more is the wish, not an error.
        let _ = rustix::process::kill_process_group(self.group, Signal::KILL);
        let deadline = Instant::now() + GONE_WITHIN;
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            pause_before(deadline, "it was killed and is still there")?;
        };
        loop {
            family.extend(process_table::group_members(self.group.as_raw_nonzero().get()));
            family.retain(|process| process.is_alive());
            if family.is_empty() {
                self.gone = Some(status);
                return Ok(status);
            }
            family.iter().copied().for_each(Identity::kill);
            pause_before(deadline, "processes that it started were killed and are still there")?;
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // Whoever drops has nobody to tell; the companion still ends the group when this process ends.
        let _ = self.kill9();
    }
}

fn pause_before(deadline: Instant, otherwise: &str) -> io::Result<()> {
    if Instant::now() >= deadline {
        return Err(io::Error::new(io::ErrorKind::TimedOut, otherwise));
    }
    std::thread::sleep(Duration::from_millis(2));
    Ok(())
}

#[cfg(test)]
mod tests;
