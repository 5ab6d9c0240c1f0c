-- insert_outbox: what a change has to tell, in order. $1 kinds, $2 jobs, $3 job types, $4 message ids,
-- $5 routing keys, $6 bodies.
INSERT INTO outbox (kind, job_id, job_type, message_id, routing_key, body)
SELECT kind, job_id, job_type, message_id, routing_key, body
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])
    WITH ORDINALITY AS r (kind, job_id, job_type, message_id, routing_key, body, n)
ORDER BY n
