-- publish_wake_ups: puts a window of wake-ups into the queue, in their order.
-- ?1 JSON array of [job_type, message_id, body]
INSERT INTO broker_wake_ups (job_type, message_id, body)
SELECT value ->> 0, value ->> 1, value ->> 2
FROM json_each(?1)
ORDER BY key;
