-- prune_controls: drops controls that nobody should act upon any more.
-- ?1 age in ms, ?2 how many stay at most
DELETE FROM broker_controls
WHERE published_at < CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?1
   OR id <= (SELECT max(id) FROM broker_controls) - ?2;
