-- free_unknown: rows of which nobody knows whether the broker has them are free at once, unless somebody else holds them
-- by now. $1 rows, $2 name of the taking.
UPDATE outbox SET taken_until = NULL, taken_by = NULL WHERE id = ANY ($1::bigint[]) AND taken_by = $2
