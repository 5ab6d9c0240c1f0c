//! Help of `fleet …`.

pub(in crate::cli) const STATUS: &str = "\
Example:
  panos-upgrade fleet status

Exit code 1 while the fleet is held.
JSON: {hold: null or {cause: operator|credentials, reason, since, by}, total,
       by_state, ..}";

pub(in crate::cli) const PAUSE: &str = "\
Example:
  panos-upgrade fleet pause --reason 'line maintenance until 04:00'

No new attempt begins anywhere; running ones go on, and jobs may still be
queued.
JSON: {cause, reason, since, by}: the hold that is in force, an earlier one if
       there was one";

pub(in crate::cli) const RESUME: &str = "\
Example:
  panos-upgrade fleet resume --reason 'password corrected'

Ends a hold of either cause: one by `fleet pause`, or one that refused log-ins
began.
JSON: {ended: null or {cause, reason, since, by}}";
