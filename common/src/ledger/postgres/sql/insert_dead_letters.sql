-- insert_dead_letters: letters that are not kept yet; answers the jobs that those name. $1 message ids, $2 routing keys,
-- $3 bodies, $4 sizes, $5 hashes of the bodies, $6 reasons, $7 times of death, $8 jobs.
INSERT INTO dead_letters (message_id, routing_key, body, size_bytes, sha256, reason, died_at, job_id)
SELECT message_id, routing_key, body, size_bytes, sha256, reason, died_at, job_id
FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[], $5::bytea[], $6::text[], $7::timestamptz[], $8::bigint[])
    WITH ORDINALITY AS l (message_id, routing_key, body, size_bytes, sha256, reason, died_at, job_id, n)
ORDER BY n
ON CONFLICT (message_id, died_at, sha256) DO NOTHING
RETURNING job_id
