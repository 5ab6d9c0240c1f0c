-- prune_events: drops some of the events that are too old. Some, so that no publish waits for a long delete.
-- ?1 age in ms, ?2 how many at most
DELETE FROM broker_events
WHERE id IN (
    SELECT id
    FROM broker_events
    WHERE published_at < CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?1
    ORDER BY published_at
    LIMIT ?2
);
