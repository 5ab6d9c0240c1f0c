-- rest_refused: rows that the broker would not take rest, so that they do not block the others; where this relay still
-- holds them. ?1 list of id, reason; ?2 how long in milliseconds, ?3 relay.
UPDATE outbox
SET taken_until = CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?2, taken_by = NULL,
    n_refused = n_refused + 1, problem = e.value ->> 'reason'
FROM json_each(?1) e
WHERE outbox.id = e.value ->> 'id' AND outbox.taken_by = ?3
