-- record_step: jobs after one step each, which ends their last failure. A job without a row: its lease is lost. The
-- number in the answer is that of its last event. Rows are locked by number, as everywhere.
-- $1 jobs, $2 tokens, $3 progress, $4 messages, $5 ready for install, $6 status documents, $7 events of each step.
WITH steps AS MATERIALIZED (
    SELECT job, token, progress, message, ready, status, n_events
    FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::text[], $5::boolean[], $6::text[], $7::bigint[])
        AS s (job, token, progress, message, ready, status, n_events)
), held AS MATERIALIZED (
    SELECT j.id
    FROM jobs j JOIN steps s ON s.job = j.id
    WHERE j.lease_token = s.token AND j.state = 'running'
    ORDER BY j.id
    FOR NO KEY UPDATE OF j
)
UPDATE jobs j
SET progress = s.progress, message = s.message, ready_for_install = s.ready, status = s.status, failure_kind = NULL,
    event_seq = j.event_seq + s.n_events
FROM held h JOIN steps s ON s.job = h.id
WHERE j.id = h.id AND j.lease_token = s.token AND j.state = 'running'
RETURNING j.id, j.serial, j.job_type, j.batch_id, j.attempt, j.event_seq
