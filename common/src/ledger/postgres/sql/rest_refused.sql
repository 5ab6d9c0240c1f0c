-- rest_refused: rows that the broker did not take rest for a while, unless somebody else holds them by now.
-- $1 rows, $2 reasons, $3 seconds, $4 name of the taking.
UPDATE outbox o
SET taken_until = now() + make_interval(secs => $3), taken_by = NULL, n_refused = o.n_refused + 1, problem = r.reason
FROM unnest($1::bigint[], $2::text[]) AS r (id, reason)
WHERE o.id = r.id AND o.taken_by = $4
