-- read_entries: one page of the trail, by chain and position. The bounds on the chain are there for the index: behind
-- `IS NULL OR` it would be read from its beginning for every page.
-- ?1 chain or NULL, ?2 job or NULL, ?3 and ?4 chain and position of the entry before the page, ?5 limit.
SELECT chain, seq, at, job_id, body, prev, hash
FROM audit
WHERE (chain, seq) > (?3, ?4)
  AND chain <= coalesce(?1, x'')
  AND (?2 IS NULL OR job_id = ?2)
ORDER BY chain, seq
LIMIT ?5
