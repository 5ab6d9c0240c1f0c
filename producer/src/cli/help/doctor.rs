//! Help of `doctor`.

pub(in crate::cli) const DOCTOR: &str = "\
Examples:
  panos-upgrade doctor
  panos-upgrade doctor --device 0079123456 --output json

Examines everything from the configuration to the clocks, and says what to do
about what is wrong. Changes nothing: it makes no file, no queue and no table,
and logs in to Panorama at most once, to a firewall only with --device. Every
check has a time limit; one that fails leaves the others their turn.
Exit code 1 when a check failed; warnings are for a person to judge.
JSON: {verdict: ok|warn|fail, n_ok, n_warn, n_fail, findings: [{area, check,
       verdict, found, remedy}]}, remedy null where there is nothing to do";
