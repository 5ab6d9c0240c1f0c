-- free_unknown: rows of which nobody knows whether the broker has them are free at once. ?1 rows.
UPDATE outbox SET taken_until = NULL WHERE id IN (SELECT value FROM json_each(?1))
