-- rest_refused: rows that the broker would not take rest, so that they do not block the others.
-- ?1 list of id, reason; ?2 how long in milliseconds.
UPDATE outbox
SET taken_until = CAST(unixepoch('subsec') * 1000 AS INTEGER) + ?2,
    n_refused = n_refused + 1, problem = e.value ->> 'reason'
FROM json_each(?1) e
WHERE outbox.id = e.value ->> 'id'
