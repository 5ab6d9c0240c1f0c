-- insert_outbox: what a change has to tell, in order.
-- ?1 list of kind, job, job_type, message_id, routing_key, body.
INSERT INTO outbox (kind, job_id, job_type, message_id, routing_key, body)
SELECT value ->> 'kind', value ->> 'job', value ->> 'job_type', value ->> 'message_id', value ->> 'routing_key',
       value ->> 'body'
FROM json_each(?1)
ORDER BY key
