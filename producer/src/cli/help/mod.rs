//! The ends of the help texts: an example that a test parses, what is worth knowing, the shape of the JSON.
//!
//! Names of fields and exit codes are interface: they stay.

pub(super) mod dead;
pub(super) mod device;
pub(super) mod doctor;
pub(super) mod download;
pub(super) mod events;
pub(super) mod fleet;
pub(super) mod hash;
pub(super) mod job;
pub(super) mod records;

pub(super) const OVERVIEW: &str = "\
Examples:
  panos-upgrade doctor                            what is wrong, if anything
  panos-upgrade device discover                   the fleet from Panorama
  panos-upgrade download plan --target 11.1.4-h7  what it takes
  panos-upgrade download queue-all --target 11.1.4-h7 --reason CHG-4711
  panos-upgrade work --until-idle                 perform the jobs here
  panos-upgrade download status                   where the fleet is

Exit codes: 0 all is as asked, 1 some devices are not, 2 wrong usage or
configuration, 3 ledger, broker, Panorama or the one device asked does not
answer or refuses the login, 4 audit verify found a break, 130 interrupted.";

pub(super) const WORK: &str = "\
Example:
  panos-upgrade work --until-idle

Ctrl-C once stops cleanly: downloads go on on the firewalls, and the next
`work` takes them over.
With --until-idle it also ends when the fleet is held while jobs wait.
Exit code 1 then, and when a job of this run failed or was skipped.
JSON: {stopped, held, total, by_state, ready_for_install, failures, exceptions},
of which exceptions are those of this run, the others as for `download status`";

pub(super) const MIGRATE: &str = "\
Example:
  panos-upgrade migrate

A SQLite ledger is up to date whenever it is open; a PostgreSQL one is migrated
only here.
JSON: {ledger, applied: [NAME]}";

pub(super) const COMPLETIONS: &str = "\
Example:
  panos-upgrade completions bash > /etc/bash_completion.d/panos-upgrade";
