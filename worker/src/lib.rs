//! Claims jobs and performs them.
