-- publish_events: appends a window of events to the log, in their order.
-- ?1 JSON array of [message_id, routing_key, body]
INSERT INTO broker_events (message_id, routing_key, body)
SELECT value ->> 0, value ->> 1, value ->> 2
FROM json_each(?1)
ORDER BY key;
