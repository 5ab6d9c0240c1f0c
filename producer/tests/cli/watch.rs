//! `download status --watch` on a real terminal: a pty that Python makes, because it is a person's end that is tested.

use std::process::{Command, Output};

use crate::bench::Bench;

/// Starts the watch in a terminal of 80 by 24, waits until it has drawn, does `ACTION`, waits for its end; prints what it
/// wrote, its exit code, and whether the terminal's modes are as they were. Bounded by an alarm.
const PERSON: &str = r#"
import os, pty, select, signal, struct, sys, termios, fcntl, time
signal.alarm(60)
action, program = sys.argv[1], sys.argv[2:]
ours, theirs = pty.openpty()
fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
before = termios.tcgetattr(theirs)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2): os.dup2(theirs, fd)
    os.execv(program[0], program)
seen = b''
def read(until):
    global seen
    start = len(seen)
    while until not in seen[start:]:
        ready, _, _ = select.select([ours], [], [], 50)
        if not ready: sys.exit('no %r in %r' % (until, seen))
        seen += os.read(ours, 65536)
read(b'q leaves')
if action == 'key q': os.write(ours, b'q')
elif action == 'key ^C': os.write(ours, b'\x03')
elif action == 'term': os.kill(child, signal.SIGTERM)
elif action == 'stop':
    os.write(ours, b'\x1a')
    _, status = os.waitpid(child, os.WUNTRACED)
    assert os.WIFSTOPPED(status), status
    while select.select([ours], [], [], 0)[0]: seen += os.read(ours, 65536)
    assert seen.endswith(b'\x1b[?1049l\x1b[?25h'), seen[-80:]
    assert termios.tcgetattr(theirs) == before, 'modes while stopped'
    os.kill(child, signal.SIGCONT)
    read(b'q leaves')
    os.write(ours, b'q')
while True:
    done, status = os.waitpid(child, os.WNOHANG)
    while select.select([ours], [], [], 0.02)[0]: seen += os.read(ours, 65536)
    if done: break
assert termios.tcgetattr(theirs) == before, 'modes afterwards'
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(status))
"#;

fn watched(bench: &Bench, action: &str) -> (i32, String) {
    let Output { status, stdout, stderr } = Command::new("python3")
        .args(["-c", PERSON, action, env!("CARGO_BIN_EXE_panos-upgrade"), "download", "status", "--watch"])
        .env("HOME", bench.path(""))
        .env("XDG_CONFIG_HOME", bench.path("config"))
        .env("XDG_DATA_HOME", bench.path("data"))
        .env("TERM", "xterm-256color")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&stdout).into_owned();
    assert!(stderr.is_empty(), "{}\n{text}", String::from_utf8_lossy(&stderr));
    (status.code().unwrap(), text)
}

/// What is left on the ordinary screen.
fn afterwards(text: &str) -> &str {
    text.rsplit_once("\u{1b}[?1049l").unwrap().1
}

#[test]
fn the_screen_is_left_by_a_key_a_signal_and_while_it_is_stopped_as_it_was_found() {
    let bench = Bench::with_fleet();
    bench.run(&["download", "queue-all", "--target", "11.1.4-h7"]).expect(1);
    for (action, code, last) in [
        ("key q", 0, "0 of 2 ready for install"),
        ("stop", 0, "0 of 2 ready for install"),
        ("key ^C", 130, "interrupted: the jobs go on"),
        ("term", 130, "interrupted: the jobs go on"),
    ] {
        let (found, text) = watched(&bench, action);
        assert_eq!(found, code, "{action}: {text}");
        assert!(text.contains("\u{1b}[?1049h") && text.contains("available"), "{action}: {text:?}");
        assert!(afterwards(&text).contains(last), "{action}: {text:?}");
    }
}
