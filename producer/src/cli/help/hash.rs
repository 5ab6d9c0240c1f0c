//! Help of `hash …`.

pub(in crate::cli) const IMPORT: &str = "\
Examples:
  panos-upgrade hash import vendor-hashes.csv
  panos-upgrade hash import vendor-hashes.csv --replace --reason 'corrected'

All of a file or nothing: every problem is named with its place.
JSON: {added, existing, conflicts, replaced: [{version, file_name, sha256,
       source}]}";

pub(in crate::cli) const ADD: &str = "\
Example:
  panos-upgrade hash add --version 11.1.4-h7 --filename PanOS_440-11.1.4-h7 \\
    --sha256 1b036cf4c43b72e665bd14f8bd6249c2ac6a7ee5f169c2aa2cf498ef5e32c192

JSON: {added, existing, conflicts, replaced: [{version, file_name, sha256,
       source}]}";

pub(in crate::cli) const REMOVE: &str = "\
Example:
  panos-upgrade hash remove --version 11.1.4-h7 --filename PanOS_440-11.1.4-h7 \\
    --reason 'typing error'

JSON: {removed: {version, file_name, sha256, source}}";

pub(in crate::cli) const LIST: &str = "\
Example:
  panos-upgrade hash list

JSON: {hashes: [{version, file_name, sha256, source}]}";

pub(in crate::cli) const VERIFY: &str = "\
Example:
  panos-upgrade hash verify images/PanOS_440-11.1.4-h7 images/PanOS_440-11.1.0

Reads the files whole; the hash is compared with that of the file name, else
with that of the version in the name. Exit code 1 unless every file is
verified.
JSON: {files: [{file, version, sha256, outcome:
       verified|mismatch|no_reference|not_an_image_name|unreadable, expected?,
       source?, message?}]}";

pub(in crate::cli) const DISPUTES: &str = "\
Example:
  panos-upgrade hash disputes

Exit code 1 when there are any.
JSON: {disputes: [{version, file_name, hashes: [{sha256, n_devices, example}]}]}";

pub(in crate::cli) const MISMATCHES: &str = "\
Example:
  panos-upgrade hash mismatches --all

Exit code 1 when one is open.
JSON: {mismatches: [{serial, version, file_name, expected, found, job,
       raised_at, cleared: null or {by, at}}]}";

pub(in crate::cli) const CLEAR: &str = "\
Example:
  panos-upgrade hash clear 007900000100103 --version 11.1.4-h7 --reason deleted

Changes nothing on the device and nothing in the catalogue: it says that a
person has looked.
JSON: {cleared: {serial, version, file_name, expected, found, job, raised_at,
       cleared}}";
