//! Help of `fleet …` and `worker …`.

pub(in crate::cli) const STATUS: &str = "\
Example:
  panos-upgrade fleet status

Exit code 1 while the fleet or a part of it is held or paused.
JSON: {hold: null or {cause: operator|credentials, reason, since, by},
       pauses: [{scope: queue|worker, name, reason, since, by}],
       workers: {STATE: NUMBER}, outbox: {n_rows, oldest_s, n_refused,
       last_problem}, dead_letters, total, by_state, ..}";

pub(in crate::cli) const PAUSE: &str = "\
Examples:
  panos-upgrade fleet pause --reason 'line maintenance until 04:00'
  panos-upgrade fleet pause --queue upgrade --reason 'change freeze'
  panos-upgrade fleet pause --worker pod-1-7-3f9c2a10 --reason 'bad route'

No new attempt begins there; running ones go on, and jobs may still be queued.
A paused worker leaves its share to the others.
JSON: {cause, reason, since, by} of the fleet's hold, or {scope, name, reason,
       since, by} of a part's pause: the one in force, an earlier one if there
       was one";

pub(in crate::cli) const RESUME: &str = "\
Examples:
  panos-upgrade fleet resume --reason 'password corrected'
  panos-upgrade fleet resume --queue upgrade --reason 'freeze is over'

Without --queue or --worker it ends the hold of the fleet, of either cause: one
by `fleet pause`, or one that refused log-ins began. Pauses of parts stay.
JSON: {ended: null or the hold or pause that ended}";

pub(in crate::cli) const WORKERS: &str = "\
Example:
  panos-upgrade worker list

States: working, draining (told to stop, finishing), silent (not heard of for
longer than its leases live: its jobs are taken over), gone (ended in order).
Exit code 1 when one is silent and still holds jobs.
JSON: {workers: [{id, host, version, job_types, concurrency, state, started_at,
       seen_at, n_running, pause: null or {..}}]}";
