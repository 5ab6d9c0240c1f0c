//! The protocol of jobs, leases, locks and outbox as a small model.
