-- insert_jobs: makes jobs of wishes whose device is known and free, without an image that is not the trusted one; the
-- others are missing from the answer.
-- The event `queued` is number 1. The search for a holder comes first because AUTOINCREMENT uses up a number for
-- every row that ON CONFLICT drops.
-- ?1 list of serial (each once), job_type, goal, max_attempts, retry_of, pair_mode; ?2 batch, ?3 operator, ?4 host, ?5 reason,
-- ?6 place in a trace.
INSERT INTO jobs (serial, job_type, goal, max_attempts, retry_of, batch_id, operator, operator_host, reason, pair_mode,
                  event_seq, traceparent)
SELECT w.value ->> 'serial', w.value ->> 'job_type', w.value ->> 'goal', w.value ->> 'max_attempts',
       w.value ->> 'retry_of', ?2, ?3, ?4, ?5, w.value ->> 'pair_mode', 1, ?6
FROM json_each(?1) w
JOIN devices d ON d.serial = w.value ->> 'serial' AND d.gone_at IS NULL
WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.serial = d.serial AND j.ended_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM mismatches m WHERE m.serial = d.serial AND m.cleared_at IS NULL)
ORDER BY w.key
ON CONFLICT (serial) WHERE ended_at IS NULL DO NOTHING
RETURNING id, serial
