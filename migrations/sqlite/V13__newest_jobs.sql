-- Where each device's newest job is, read from the index alone: a picture of the fleet looks at every one of them.

DROP INDEX jobs_of_device;
CREATE INDEX jobs_of_device ON jobs (serial, id DESC, state, failure_kind, ready_for_install);
