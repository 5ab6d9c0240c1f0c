//! From a device and a goal to a job: what [`common::intake`] decides, under the name that the commands use.

pub(crate) use common::intake::plan::{
    NO_ADDRESS, NotPlanned, Planned, RUNS_TARGET, Rules, Seen, VERSION_UNREADABLE, Wanted, decide, no_address,
};
