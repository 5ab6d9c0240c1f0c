//! The fault suite: scenarios, runner and table.
