//! Help of `audit …` and `config …`.

pub(in crate::cli) const AUDIT_LIST: &str = "\
Example:
  panos-upgrade audit list --device 007900000100103

JSON, one object per line: {chain, seq, at, action, job, actor, detail}";

pub(in crate::cli) const AUDIT_VERIFY: &str = "\
Example:
  panos-upgrade audit verify

Exit code 4 on a break.
JSON: {entries, devices, ok, first_bad?: {chain, seq, reason}}";

pub(in crate::cli) const AUDIT_EXPORT: &str = "\
Example:
  panos-upgrade audit export > trail.jsonl

JSON, one object per line: {chain, seq, at, prev, hash, body}; hash is the
SHA-256 over the bytes of prev, seq (8 bytes, big-endian) and body.";

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
panorama.host should name the active one.
JSON: {ok, parts: [{part, ok, found, remedy?}], warnings}";
