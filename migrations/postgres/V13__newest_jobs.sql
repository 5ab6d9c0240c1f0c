-- Where each device's newest job is, read from the index alone: a picture of the fleet looks at every one of them. Steps
-- and renewals rarely change what is in it, and leave it alone then ("Heap-Only Tuples", PostgreSQL manual).

DROP INDEX jobs_of_device;
CREATE INDEX jobs_of_device ON jobs (serial, id DESC) INCLUDE (state, failure_kind, ready_for_install);
