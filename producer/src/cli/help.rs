//! The ends of the help texts: an example that a test parses, what is worth knowing, the shape of the JSON.
//!
//! Names of fields and exit codes are interface: they stay.

pub(super) const OVERVIEW: &str = "\
Examples:
  panos-upgrade device discover                          read the fleet from Panorama
  panos-upgrade download queue-all --target 11.1.4-h7 --dry-run
  panos-upgrade download queue-all --target 11.1.4-h7 --reason CHG-4711
  panos-upgrade work --until-idle                        perform the jobs in this process
  panos-upgrade download status                          where the fleet is

Exit codes: 0 all is as asked, 1 some devices are not, 2 wrong usage or configuration,
3 ledger, broker or Panorama not reachable, 4 audit verify found a break, 130 interrupted.";

pub(super) const DISCOVER: &str = "\
Example:
  panos-upgrade device discover --output json

Devices that Panorama no longer shows are marked as gone; their jobs and their trail stay.
JSON: {total, new: [SERIAL], changed: [{serial, changes}], gone: [SERIAL],
       errors: [{serial, message}]}";

pub(super) const DEVICE_LIST: &str = "\
Example:
  panos-upgrade device list --select 'model=PA-440' --select 'version<11.1.0'

JSON: {devices: [{serial, hostname, address, model, sw_version, ha, connected, source, ..}]}";

pub(super) const DEVICE_SHOW: &str = "\
Example:
  panos-upgrade device show 007900000100103

JSON: {device, job}, where job is null when there never was one";

pub(super) const DEVICE_STATUS: &str = "\
Example:
  panos-upgrade device status 007900000100103 --output json

JSON: {serial, upgrade_status, upgrade_message, progress, current_phase, upgrade_path,
       downloaded_versions, skipped_versions, version_hashes, hash_verification,
       ready_for_install, errors, ..}";

pub(super) const DEVICE_EXPORT: &str = "\
Example:
  panos-upgrade device export --output-dir inventory/

JSON: {standalone: {file, rows}, ha_pairs: {file, rows}}";

pub(super) const DEVICE_IMPORT: &str = "\
Example:
  panos-upgrade device import branch-offices.csv

Columns: serial, and where known hostname, mgmt_ip, current_version, model; for HA pairs the
same with _1 and _2. What the file does not say of a known device stays as it is; a
job needs mgmt_ip and current_version.
Lines that cannot be used are named, the others are imported; then the exit code is 1.
JSON: {total, new: [SERIAL], changed: [{serial, changes}], errors: [{line, message}]}";

pub(super) const QUEUE_ALL: &str = "\
Examples:
  panos-upgrade download queue-all --target 11.1.4-h7 --dry-run
  panos-upgrade download queue-all --target 11.1.4-h7 --select 'hostname~ber-*' --reason CHG-4711

Safe to repeat: devices with a job keep it, staged images are found and skipped.
Exit code 1 when a job of another type or with another goal holds a device.
JSON: {batch_id, queued, jobs: [{serial, hostname, job_id}],
       skipped: [{serial, hostname, reason, job_id?, message}],
       errors: [{serial?, line?, reason, message}]},
with --dry-run also plans: [{serial, hostname, model, current_version, target_version, images}]";

pub(super) const FROM_CSV: &str = "\
Example:
  panos-upgrade download from-csv window-7.csv --target 11.1.4-h7

Columns: serial, or serial_1 and serial_2 for HA pairs; others are ignored.
Lines that cannot be used are named, the others are queued; then the exit code is 1.
JSON: as for `download queue-all`";

pub(super) const STATUS: &str = "\
Examples:
  panos-upgrade download status
  panos-upgrade download status --watch

Counts the newest job of each device. With --watch: exit code 1 when there are failures in the end.
JSON: {total, by_state: {scheduled, available, running, completed, failed, cancelled, skipped},
       ready_for_install, failures: [{kind, count, remedy}],
       exceptions: [{serial, hostname, job_id, state, kind, message}]},
with --watch one object per line, exceptions in the last";

pub(super) const VERIFY_DOWNLOAD: &str = "\
Example:
  panos-upgrade download verify --report staged.csv

Asks the devices, not the ledger. Exit code 1 when some device is not as its newest job left it.
JSON: {total, as_left, devices: [{hostname, serial, verify_download_status,
       images: [{version, present, hash}], as_left, ..}]}";

pub(super) const SUBMIT: &str = "\
Example:
  panos-upgrade job submit --device 007900000100103 --download-only --target 11.1.4-h7

Without --download-only it is an upgrade job: known to locks and queues, performed by a later
release, and refused until then.
JSON: as for `download queue-all`";

pub(super) const JOB_LIST: &str = "\
Example:
  panos-upgrade job list --state failed --output json

States: scheduled, available, running, completed, failed, cancelled, skipped.
JSON: {jobs: [{id, serial, hostname, job_type, goal, state, progress, message, failure_kind, ..}]}";

pub(super) const JOB_SHOW: &str = "\
Example:
  panos-upgrade job show 4711

JSON: {job, images: [{version, state, outcome, ..}], attempts: [{attempt, worker, ending, ..}]}";

pub(super) const CANCEL: &str = "\
Example:
  panos-upgrade job cancel 4711 --reason 'window moved'

JSON: {job_id, answer: cancelled|requested|already_ended, state?}";

pub(super) const RETRY: &str = "\
Example:
  panos-upgrade job retry 4711

JSON: as for `download queue-all`";

pub(super) const HASH_IMPORT: &str = "\
Example:
  panos-upgrade hash import vendor-hashes.csv

All of a file or nothing: every problem is named with its place.
JSON: {added, existing, conflicts}";

pub(super) const HASH_ADD: &str = "\
Example:
  panos-upgrade hash add --version 11.1.4-h7 --filename PanOS_440-11.1.4-h7 \\
    --sha256 1b036cf4c43b72e665bd14f8bd6249c2ac6a7ee5f169c2aa2cf498ef5e32c192

JSON: {added, existing, conflicts}";

pub(super) const HASH_LIST: &str = "\
Example:
  panos-upgrade hash list

JSON: {hashes: [{version, file_name, sha256, source}]}";

pub(super) const PATH_SHOW: &str = "\
Examples:
  panos-upgrade path show 007900000100103 --target 11.1.4-h7
  panos-upgrade path show 10.1.6 --target 11.1.4-h7

A version, or --offline, plans without asking the device. Exit code 1 when there is no path.
JSON: {serial, current_version, target_version, asked_device,
       images: [{version, file_name, size_bytes, presence, rule, why}], cautions}";

pub(super) const PATH_VALIDATE: &str = "\
Example:
  panos-upgrade path validate upgrade_paths.json

JSON: {file, paths: [{current_version, images, cautions}]}";

pub(super) const AUDIT_LIST: &str = "\
Example:
  panos-upgrade audit list --device 007900000100103

JSON, one object per line: {chain, seq, at, action, job, actor, detail}";

pub(super) const AUDIT_VERIFY: &str = "\
Example:
  panos-upgrade audit verify

Exit code 4 on a break.
JSON: {entries, devices, ok, first_bad?: {chain, seq, reason}}";

pub(super) const AUDIT_EXPORT: &str = "\
Example:
  panos-upgrade audit export > trail.jsonl

JSON, one object per line: {chain, seq, at, prev, hash, body}; hash is the SHA-256 over the
bytes of prev, seq (8 bytes, big-endian) and body.";

pub(super) const CONFIG_SET: &str = "\
Examples:
  panos-upgrade config set panorama.host panorama.example.com
  panos-upgrade config set panorama.username stager firewall.username stager

Secrets are not taken as arguments: PANOS_UPGRADE__PANORAMA__PASSWORD_FILE names a file that
holds one, and so on for the others. Set it before the user name: a login is checked whole.
JSON: {file, key, value}, once per key";

pub(super) const CONFIG_SHOW: &str = "\
Example:
  panos-upgrade config show

JSON: {keys: [{key, value, origin}]}";

pub(super) const CONFIG_CHECK: &str = "\
Example:
  panos-upgrade config check

Exit code 3 when something is not reachable, 2 when something is not configured.
JSON: {ok, parts: [{part, ok, found, remedy?}], warnings}";

pub(super) const WORK: &str = "\
Example:
  panos-upgrade work --until-idle

Ctrl-C once stops cleanly: downloads go on on the firewalls, and the next `work` takes them over.
Exit code 1 when a job of this run failed or was skipped.
JSON: as for `download status`, with stopped, and with the exceptions of this run";

pub(super) const MIGRATE: &str = "\
Example:
  panos-upgrade migrate

A SQLite ledger is up to date whenever it is open; a PostgreSQL one is migrated only here.
JSON: {ledger, applied: [NAME]}";

pub(super) const COMPLETIONS: &str = "\
Example:
  panos-upgrade completions bash > /etc/bash_completion.d/panos-upgrade";
