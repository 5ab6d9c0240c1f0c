-- offset_before: the offset in front of the first event since a time; no value when there is none since.
-- ?1 time in ms
SELECT id - 1
FROM broker_events
WHERE published_at >= ?1
ORDER BY published_at, id
LIMIT 1;
