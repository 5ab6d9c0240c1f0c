-- read_entries: one page of the trail, by chain and position.
-- ?1 chain or NULL, ?2 job or NULL, ?3 and ?4 chain and position of the entry before the page or NULL, ?5 limit.
SELECT chain, seq, at, body, prev, hash
FROM audit
WHERE (?1 IS NULL OR chain = ?1)
  AND (?2 IS NULL OR job_id = ?2)
  AND (?3 IS NULL OR (chain, seq) > (?3, ?4))
ORDER BY chain, seq
LIMIT ?5
