-- forget_requests: the oldest beyond their age or their number go, a few at a time; not one that somebody works on.
-- ?1 age in milliseconds, ?2 most that are kept, ?3 most that go at once.
DELETE FROM requests WHERE key IN (
    SELECT key FROM requests
    WHERE (created_at < CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?1
           OR created_at < (SELECT created_at FROM requests ORDER BY created_at DESC LIMIT 1 OFFSET ?2))
      AND (answer IS NOT NULL OR held_until < CAST(unixepoch('subsec') * 1000 AS INTEGER))
    ORDER BY created_at LIMIT ?3)
