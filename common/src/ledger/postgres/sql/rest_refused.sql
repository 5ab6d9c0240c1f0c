-- rest_refused: rows that the broker did not take rest for a while. $1 rows, $2 reasons, $3 seconds.
UPDATE outbox o
SET taken_until = now() + make_interval(secs => $3), n_refused = o.n_refused + 1, problem = r.reason
FROM unnest($1::bigint[], $2::text[]) AS r (id, reason)
WHERE o.id = r.id
