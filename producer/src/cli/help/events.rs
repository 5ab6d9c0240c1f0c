//! Help of `events …`.

pub(in crate::cli) const EVENTS_TAIL: &str = "\
Examples:
  panos-upgrade events tail
  panos-upgrade events tail --from 1h --type failed,skipped
  panos-upgrade events tail --from first --job 7
  panos-upgrade events tail --filter 'kind=disk_*' --filter 'serial!=0079*'
  panos-upgrade events tail --from 1h --until-idle --output json > events.jsonl
  panos-upgrade events tail --from 4711 --check

FIELD is a field of the event, in its envelope or its data: type, serial, job,
kind, version, worker, operator, phase, outcome, ... PATTERN is a value, or
several with commas between them, of which one has to fit; * stands for any
text, ? for one character; capitals do not matter. A field that is not there
fits no PATTERN, so it fits every !=.

At its end (Ctrl-C, --limit, --until-idle) the offset to go on from is on
stderr: --from OFFSET begins behind it. Events are kept for 7 days.
Exit code 1 when --check misses an event at the end.
JSON, one object per line: the CloudEvent as it was published; docs/events has
the schema of each type";
