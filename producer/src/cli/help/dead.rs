//! Help of `dead …`.

pub(in crate::cli) const LIST: &str = "\
Example:
  panos-upgrade dead list

A message gets here when it cannot be read, or when it was handed out again and
again and no worker lived to settle it. No job is lost by it: jobs live in the
ledger, which sends another wake-up.
Exit code 1 when there is any.
JSON: {letters: [{id, message_id, routing_key, size_bytes, reason, died_at,
       collected_at, job}], left_at_broker}";

pub(in crate::cli) const SHOW: &str = "\
Examples:
  panos-upgrade dead show 12
  panos-upgrade dead show 12 --save letter-12.bin

JSON: {id, message_id, routing_key, size_bytes, reason, died_at, collected_at,
       job, text: null or the body, where it is text, hex: its first bytes}";

pub(in crate::cli) const REQUEUE: &str = "\
Example:
  panos-upgrade dead requeue 12 13 --reason 'workers updated'

Useful after an update of the workers, when a newer program had sent what an
older one could not read. What is still unreadable comes back as another one.
JSON: {requeued: [ID], left: [{id, reason}]}";

pub(in crate::cli) const DROP: &str = "\
Examples:
  panos-upgrade dead drop 12 --reason 'sent by a test'
  panos-upgrade dead drop --all --reason 'looked at them'

JSON: {dropped: [ID], left: [{id, reason}]}";
