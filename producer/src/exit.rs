//! Exit codes: what a script may branch on. They stay.

/// Everything is as asked.
pub(crate) const OK: u8 = 0;
/// The command did its work, and some devices are not as asked: a device that needs images got no job, an image
/// or a hash is not what it has to be, the fleet is held after refused log-ins. Also when a result could not be
/// printed.
pub(crate) const SOME_NOT: u8 = 1;
/// Wrong usage, configuration or input; nothing was changed.
pub(crate) const USAGE: u8 = 2;
/// Ledger, broker, Panorama or the one device that a command is about does not answer, or refuses the login; doing it
/// again when that is mended is safe.
pub(crate) const NOT_REACHABLE: u8 = 3;
/// `audit verify` found a break.
pub(crate) const AUDIT_BROKEN: u8 = 4;
/// Interrupted by a signal; doing it again is safe.
pub(crate) const INTERRUPTED: u8 = 130;
