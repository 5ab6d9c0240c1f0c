-- read_entries: one page of the trail by chain (byte order) and position.
-- $1 chain or NULL, $2 job or NULL, $3 and $4 chain and position to go on after, or NULL, $5 limit.
SELECT chain, seq, at, job_id, body, prev, hash
FROM audit
WHERE ($1::text IS NULL OR chain = $1)
  AND ($2::bigint IS NULL OR job_id = $2)
  AND ($3::text IS NULL OR (chain, seq) > ($3, $4::bigint))
ORDER BY chain, seq
LIMIT $5
