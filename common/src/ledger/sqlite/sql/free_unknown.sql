-- free_unknown: rows of which nobody knows whether the broker has them are free at once, where this relay still holds
-- them. ?1 rows, ?2 relay.
UPDATE outbox SET taken_until = NULL, taken_by = NULL
WHERE id IN (SELECT value FROM json_each(?1)) AND taken_by = ?2
