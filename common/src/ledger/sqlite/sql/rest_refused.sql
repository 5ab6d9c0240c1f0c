-- rest_refused: rows that the broker would not take rest, twice as long with each refusal, so that they do not block the
-- others; where this relay still holds them. ?1 list of id, reason; ?2 the first rest and ?3 the longest in
-- milliseconds, ?4 relay.
UPDATE outbox
SET taken_until = CAST(unixepoch('subsec') * 1000 AS INTEGER) + min(?2 << min(n_refused, 20), ?3), taken_by = NULL,
    n_refused = n_refused + 1, problem = e.value ->> 'reason'
FROM json_each(?1) e
WHERE outbox.id = e.value ->> 'id' AND outbox.taken_by = ?4
