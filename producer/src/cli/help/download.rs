//! Help of `download …`.

pub(in crate::cli) const PLAN: &str = "\
Examples:
  panos-upgrade download plan --target 11.1.4-h7
  panos-upgrade download plan --target 11.1.4-h7 --select model=PA-440 --refresh
  panos-upgrade download plan --target 11.1.4-h7 --offline

Asks each device who it is, for its list and for its free space; changes
nothing. The list is the one that the device remembers; it checks with its
update server first where an image is not listed, and with --refresh always. A
device that does not answer harms no other; after firewall.refusals_before_hold
refused log-ins in a row no more devices are asked.
Exit code 1 when some device cannot be brought to the goal, or was not asked.
Where the list lacks an image and the device could not check, the reason is why
it could not.
JSON: {asked_devices, stopped_by_refusals, n_devices, n_runs_target, n_staged,
       n_to_do, n_impossible, n_not_asked, n_sizes_unknown, n_space_unknown,
       bytes_total, images: [{version, n_devices, n_present, bytes,
       n_sizes_unknown, rules}], not_fitting: [{serial, hostname, model, mount,
       needed_bytes, available_bytes, shortfall_bytes}], impossible, not_asked:
       [{code, n_devices, example, message, remedy}], cautions: [{caution,
       n_devices}], per_device: [{serial, hostname, model, current_version,
       outcome: runs_target|staged|to_do|impossible|not_asked, code, message,
       plan, missing, bytes, n_sizes_unknown, space, fits}]}";

pub(in crate::cli) const QUEUE_ALL: &str = "\
Examples:
  panos-upgrade download queue-all --target 11.1.4-h7 --dry-run
  panos-upgrade download queue-all --target 11.1.4-h7 --reason CHG-4711 \\
    --select 'hostname~ber-*'
  panos-upgrade download queue-all --target 11.1.4-h7 --ha-sync

Safe to repeat: devices with a job keep it, staged images are found and
skipped. The members of an HA pair work one after the other, the passive one
first; --ha-parallel lets both work at once, --ha-sync lets one download and
copy to its peer, and needs both members in the command, with the same images
to bring.
Exit code 1 when a device that needs images got no job: one of another type or
with another goal holds it, it lacks an address or a version, a hash mismatch
is open, or --ha-sync cannot be.
JSON: {batch_id, queued, jobs: [{serial, hostname, job_id}],
       skipped: [{serial, hostname, reason, job_id?, message}],
       errors: [{serial?, line?, reason, message}]},
with --dry-run nothing is queued: queued counts what would be, batch_id is
null, and there are plans: [{serial, hostname, model, current_version,
target_version, images, cautions}]";

pub(in crate::cli) const FROM_CSV: &str = "\
Example:
  panos-upgrade download from-csv window-7.csv --target 11.1.4-h7

Columns: serial, or serial_1 and serial_2 for HA pairs; others are ignored.
Lines that cannot be used are named, the others are queued; then the exit code
is 1.
JSON: as for `download queue-all`";

pub(in crate::cli) const STATUS: &str = "\
Examples:
  panos-upgrade download status
  panos-upgrade download status --watch

Counts the newest job of each device. Exit code 1 on an alarm: an open hash
mismatch, files with disputed hashes, a hold after refused log-ins; with
--watch also when there are failures in the end.
JSON: {hold: null or {cause, reason, since, by}, pauses: [{scope, name, reason,
       since, by}], mismatches: [..], disputes:
       [..], asymmetric_pairs: [{members, difference}], total, by_state:
       {scheduled, available, running, completed, failed, cancelled, skipped},
       ready_for_install, failures: [{kind, count, remedy}], exceptions:
       [{serial, hostname, job_id, state, kind, message}]},
with --watch one object per line, of which the last has all of it

On a terminal --watch fills the screen: q leaves (jobs go on), up and down
scroll what runs, f hides the failures. It ends by itself when no job waits or
runs, and leaves the whole status behind. Exit code 130 after Ctrl-C.";

pub(in crate::cli) const VERIFY: &str = "\
Example:
  panos-upgrade download verify --report staged.csv

Asks the devices, not the ledger. Exit code 1 when some device is not as its
newest job left it, and on an alarm as for `download status`.
JSON: {total, as_left, devices: [{hostname, serial, verify_download_status,
       images: [{version, present, hash}], as_left, ..}],
       mismatches, disputes, asymmetric_pairs: [{members, difference}]}";
