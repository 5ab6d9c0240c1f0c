-- end_attempts: how claims ended. $1 jobs, $2 tokens, $3 endings, $4 kinds, $5 messages.
UPDATE attempts a
SET ended_at = now(), ending = e.ending, kind = e.kind, message = e.message
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[])
    AS e (job_id, lease_token, ending, kind, message)
WHERE a.job_id = e.job_id AND a.lease_token = e.lease_token AND a.ended_at IS NULL
