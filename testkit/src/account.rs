//! Under which account private servers run.
//!
//! PostgreSQL refuses to run as root, and tests in a container often are root. Then every server runs as
//! `nobody`, through `setpriv` of util-linux, in a directory that belongs to `nobody`; otherwise it runs as
//! the user who runs the tests, and nothing here changes anything.

use std::{ffi::OsString, fs, io, os::unix, path::Path};

/// The uid and gid of `nobody` on Debian and most others, for a system without an entry in `/etc/passwd`.
const NOBODY: (u32, u32) = (65_534, 65_534);

/// The words before a server's program and arguments.
pub(crate) fn run_as() -> Vec<OsString> {
    if !is_root() {
        return Vec::new();
    }
    let (uid, gid) = nobody();
    ["setpriv".to_owned(), format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()]
        .map(OsString::from)
        .into()
}

/// Makes `path` belong to the account that the servers run under.
pub(crate) fn hand_over(path: &Path) -> io::Result<()> {
    if !is_root() {
        return Ok(());
    }
    let (uid, gid) = nobody();
    unix::fs::chown(path, Some(uid), Some(gid))
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn nobody() -> (u32, u32) {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    passwd.lines().find_map(nobody_line).unwrap_or(NOBODY)
}

/// Reads `nobody:x:65534:65534:…`.
fn nobody_line(line: &str) -> Option<(u32, u32)> {
    let mut fields = line.strip_prefix("nobody:")?.split(':').skip(1);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_of_nobody_is_read() {
        assert_eq!(
            nobody_line("nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin"),
            Some((65_534, 65_533))
        );
        assert_eq!(nobody_line("nobodyelse:x:7:7::/:/bin/sh"), None);
        assert_eq!(nobody_line("nobody:x:many:65534::/:/bin/sh"), None);
    }
}
