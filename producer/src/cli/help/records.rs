//! Help of `audit …` and `config …`.

pub(in crate::cli) const AUDIT_LIST: &str = "\
Example:
  panos-upgrade audit list --device 007900000100103

JSON, one object per line: {chain, seq, at, action, job, actor, detail}";

pub(in crate::cli) const AUDIT_VERIFY: &str = "\
Examples:
  panos-upgrade audit verify
  panos-upgrade audit verify --anchors anchors.jsonl

Finds what was edited, removed, inserted or moved, also by hand in the
database. Who owns the database, or the file of an embedded ledger, can build
all of it anew: only anchors that were kept elsewhere show that. Entries after
the last anchor of their chain are counted; cut from its end, only those that
queue or end a job are missed.
Exit code 4 on a break.
JSON: {entries, devices, anchors, unanchored, ok, copies?,
first_bad?: {chain, seq, reason}}; chain is (anchors) for an anchor";

pub(in crate::cli) const AUDIT_EXPORT: &str = "\
Example:
  panos-upgrade audit export > trail.jsonl

JSON, one object per line: {chain, seq, at, prev, hash, body}; hash is the
SHA-256 over the bytes of prev, seq (8 bytes, big-endian) and body.";

pub(in crate::cli) const AUDIT_ANCHOR: &str = "\
Example:
  panos-upgrade audit anchor

Workers anchor by themselves, at audit.anchor_every and when they end, and
each anchor is in the log.
JSON: {new, anchor?: {id, at, n_chains, n_entries, heads, prev, hash}}";

pub(in crate::cli) const AUDIT_ANCHORS: &str = "\
Example:
  panos-upgrade audit anchors --output json > anchors.jsonl

Keep the file where who owns the database cannot write, and compare with
audit verify --anchors.
JSON, one object per line: {id, at, n_chains, n_entries, heads, prev, hash}";

pub(in crate::cli) const CONFIG_SET: &str = "\
Examples:
  panos-upgrade config set panorama.host panorama.example.com
  panos-upgrade config set panorama.username stager firewall.username stager
  panos-upgrade config set firewall.messages '{ \"no room\" = \"disk_full\" }'

A table or a list is written as in the file, or as NAME=VALUE,NAME=VALUE.
Secrets are not taken as arguments: PANOS_UPGRADE__PANORAMA__PASSWORD_FILE
names a file that holds one, and so on for the others. Set it before the user
name: a login is checked whole.
JSON: {file, key, value}, once per key";

pub(in crate::cli) const CONFIG_SHOW: &str = "\
Example:
  panos-upgrade config show

JSON: {keys: [{key, value, origin}]}";

pub(in crate::cli) const CONFIG_CHECK: &str = "\
Example:
  panos-upgrade config check

Exit code 3 when something is not reachable, 2 when something is not
configured. A Panorama that is the passive one of a pair is a warning:
panorama.host should name the active one. `panos-upgrade doctor` examines more.
JSON: {ok, parts: [{part, ok, found, remedy?}], warnings}";
