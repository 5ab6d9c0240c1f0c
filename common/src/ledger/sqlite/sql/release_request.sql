-- release_request: nobody works on it any more.
-- ?1 key.
UPDATE requests SET held_until = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE key = ?1 AND answer IS NULL
