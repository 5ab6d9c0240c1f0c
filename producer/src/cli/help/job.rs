//! Help of `job …`.

pub(in crate::cli) const SUBMIT: &str = "\
Example:
  panos-upgrade job submit --device 007900000100103 --target 11.1.4-h7 \\
    --download-only

Without --download-only it is an upgrade job: known to locks and queues,
performed by a later release, and refused until then. --ha-sync is for both
members of a pair: `download from-csv`.
JSON: as for `download queue-all`";

pub(in crate::cli) const LIST: &str = "\
Example:
  panos-upgrade job list --state failed --output json

States: scheduled, available, running, completed, failed, cancelled, skipped.
JSON: {jobs: [{id, serial, hostname, job_type, goal, state, progress, message,
       failure_kind, ..}]}";

pub(in crate::cli) const SHOW: &str = "\
Example:
  panos-upgrade job show 4711

JSON: {job, pair: null or {peer, mode, role}, images: [{version, rule, state,
       outcome, ..}], attempts: [{attempt, worker, ending, ..}], errors:
       [{timestamp, phase, kind, message}], silences: [{at, detail}]}";

pub(in crate::cli) const CANCEL: &str = "\
Example:
  panos-upgrade job cancel 4711 --reason 'window moved'

JSON: {job_id, answer: cancelled|requested|already_ended, state?}";

pub(in crate::cli) const RETRY: &str = "\
Example:
  panos-upgrade job retry 4711

JSON: as for `download queue-all`";
