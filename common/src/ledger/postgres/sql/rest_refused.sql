-- rest_refused: rows that the broker did not take rest, twice as long with each refusal, unless somebody else holds
-- them by now. $1 rows, $2 reasons, $3 seconds of the first rest, $4 seconds of the longest, $5 name of the taking.
UPDATE outbox o
SET taken_until = now() + make_interval(secs => least($3 * 2.0 ^ least(o.n_refused, 20), $4)), taken_by = NULL,
    n_refused = o.n_refused + 1, problem = r.reason
FROM unnest($1::bigint[], $2::text[]) AS r (id, reason)
WHERE o.id = r.id AND o.taken_by = $5
