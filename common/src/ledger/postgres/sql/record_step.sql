-- record_step: the job after one step, which ends the last failure. No row: the lease is lost. The number in the
-- answer is that of its last event.
-- $1 job, $2 token, $3 progress, $4 message, $5 ready for install, $6 status document, $7 events of the step.
UPDATE jobs
SET progress = $3, message = $4, ready_for_install = $5, status = $6, failure_kind = NULL, event_seq = event_seq + $7
WHERE id = $1 AND lease_token = $2 AND state = 'running'
RETURNING id, serial, job_type, batch_id, attempt, event_seq
