-- insert_jobs: makes jobs of wishes whose device is known and free, without an image that is not the trusted one; the
-- others are missing from the answer. A device that is being taken out of the inventory is waited for.
-- The partial index decides between two that come at once. The search before it keeps numbers from being used up:
-- an identity value that ON CONFLICT drops is lost (PostgreSQL manual, "Sequence Manipulation Functions"). The event `queued` is number 1.
-- $1 serials, each once, $2 job types, $3 goals, $4 attempts allowed, $5 ended jobs that are repeated, $6 batch,
-- $7 operator, $8 host, $9 reason, $10 pair modes, $11 place in a trace.
INSERT INTO jobs (serial, job_type, goal, max_attempts, retry_of, batch_id, operator, operator_host, reason, pair_mode,
                  event_seq, traceparent)
SELECT w.serial, w.job_type, w.goal, w.max_attempts, w.retry_of, $6, $7, $8, $9, w.pair_mode, 1, $11
FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::bigint[], $10::text[])
    AS w (serial, job_type, goal, max_attempts, retry_of, pair_mode)
JOIN devices d ON d.serial = w.serial AND d.gone_at IS NULL
WHERE NOT EXISTS (SELECT FROM jobs j WHERE j.serial = w.serial AND j.ended_at IS NULL)
  AND NOT EXISTS (SELECT FROM mismatches m WHERE m.serial = w.serial AND m.cleared_at IS NULL)
ORDER BY w.serial COLLATE "C"
FOR KEY SHARE OF d
ON CONFLICT (serial) WHERE ended_at IS NULL DO NOTHING
RETURNING id, serial
