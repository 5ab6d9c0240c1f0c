-- record_step: what a step left behind. No row: the lease is lost. A step that succeeded clears the last failure.
-- ?1 job, ?2 token, ?3 status document, ?4 progress, ?5 message, ?6 ready for install, ?7 number of new events.
UPDATE jobs
SET status = ?3, progress = ?4, message = ?5, ready_for_install = ?6, event_seq = event_seq + ?7, failure_kind = NULL
WHERE id = ?1 AND lease_token = ?2 AND state = 'running'
