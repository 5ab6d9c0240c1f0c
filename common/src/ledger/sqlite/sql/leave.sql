-- leave: a worker ended in order, for good. ?1 worker.
UPDATE workers SET left_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE id = ?1 AND left_at IS NULL
