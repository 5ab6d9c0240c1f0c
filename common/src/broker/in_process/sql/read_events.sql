-- read_events: the next events of the log.
-- ?1 after this offset, ?2 how many at most
SELECT id, routing_key, body
FROM broker_events
WHERE id > ?1
ORDER BY id
LIMIT ?2;
