-- read_controls: the next controls that are not too old.
-- ?1 after this number, ?2 age in ms, ?3 how many at most
SELECT id, body
FROM broker_controls
WHERE id > ?1
  AND published_at >= CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?2
ORDER BY id
LIMIT ?3;
