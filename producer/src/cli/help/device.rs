//! Help of `device …` and `path …`.

pub(in crate::cli) const DISCOVER: &str = "\
Example:
  panos-upgrade device discover --output json

Devices that Panorama no longer shows are marked as gone; their jobs and their
trail stay. A passive Panorama, which may show all devices as disconnected, and
an answer that lacks more than half of a known fleet of at least 10 are refused
with exit code 1, unless --force is given.
JSON: {total, new: [SERIAL], changed: [{serial, changes}], gone: [SERIAL],
       pairs: [{members: [SERIAL], states: [STATE]}], not_workable: [{serial,
       hostname, reason, message}], errors: [{serial, message}]}
Reasons: no_address, no_version (no job can be queued), disconnected (a job is
tried anyway)";

pub(in crate::cli) const LIST: &str = "\
Example:
  panos-upgrade device list --select 'model=PA-440' --select 'version<11.1.0'

CONN is `-` for devices that only a file names: nobody said whether they are
connected.
JSON: {devices: [{serial, hostname, address, address_override, model,
       sw_version, ha, connected, source, ..}]}";

pub(in crate::cli) const SHOW: &str = "\
Example:
  panos-upgrade device show 007900000100103

JSON: {device, job}, where job is null when there never was one";

pub(in crate::cli) const STATUS: &str = "\
Example:
  panos-upgrade device status 007900000100103 --output json

JSON: {serial, upgrade_status, upgrade_message, progress, current_phase,
       upgrade_path, downloaded_versions, skipped_versions, version_hashes,
       hash_verification, ready_for_install, errors, ..}";

pub(in crate::cli) const ADDRESS: &str = "\
Examples:
  panos-upgrade device address 007900000100103 192.0.2.10 --reason 'behind NAT'
  panos-upgrade device address 007900000100103 --clear --reason 'NAT is gone'

Wins over what Panorama or a file says, until it is cleared. A discovery does
not change it.
JSON: {serial, address, address_override}";

pub(in crate::cli) const REMOVE: &str = "\
Example:
  panos-upgrade device remove 007900000100103 --reason 'decommissioned'

Refused with exit code 1 while the device has a job. A discovery that sees it
brings it back.
JSON: {serial, was_gone, answer: removed|active_job, job?, state?}; was_gone is
true when it was out already, and nothing was changed";

pub(in crate::cli) const CLEANUP: &str = "\
Examples:
  panos-upgrade device cleanup 007900000100103 --dry-run
  panos-upgrade device cleanup 007900000100103 --apply --reason CHG-4711

Proposes downloaded images older than the running version; keeps the running
version and its train's base, everything newer, and every image on the plan of
the device's active or newest completed job, of --target and of plan.target.
--apply reads the list again, and is refused while the device has an active
job. Exit code 1 when something was not deleted.
JSON: {serial, hostname, running, mount, available_bytes, delete: [{version,
       file_name, size_bytes, only_after}], keep: [{version, reason}],
       frees_bytes, applied: null or {deleted: [VERSION], failed: [{version,
       message}], available_bytes}}";

pub(in crate::cli) const EXPORT: &str = "\
Example:
  panos-upgrade device export --output-dir inventory/

JSON: {standalone: {file, rows}, ha_pairs: {file, rows}}";

pub(in crate::cli) const IMPORT: &str = "\
Example:
  panos-upgrade device import branch-offices.csv

Columns: serial, and where known hostname, mgmt_ip, current_version, model,
address_override (as `device address` sets it); for HA pairs the same with _1
and _2. What the file does not say of a known device stays as it is; a job
needs mgmt_ip and current_version. Lines that cannot be used are named, the
others are imported; then the exit code is 1.
JSON: {total, new: [SERIAL], changed: [{serial, changes}], errors: [{line,
       message}]}";

pub(in crate::cli) const PATH_SHOW: &str = "\
Examples:
  panos-upgrade path show 007900000100103 --target 11.1.4-h7
  panos-upgrade path show 10.1.6 --target 11.1.4-h7

A version, or --offline, plans without asking the device. Exit code 1 when
there is no path.
JSON: {serial, current_version, target_version, asked_device, images:
       [{version, file_name, size_bytes, presence, rule, why}], cautions,
       space: null or {mount, needed_bytes, available_bytes, fits}}";

pub(in crate::cli) const PATH_VALIDATE: &str = "\
Example:
  panos-upgrade path validate upgrade_paths.json

JSON: {file, ok, paths: [{current_version, images, cautions}], problems: [TEXT]}";
