-- read_anchors: one page of anchors by number. ?1 number to go on after, ?2 limit.
SELECT id, at, n_chains, n_entries, heads, prev, hash
FROM audit_anchors
WHERE id > ?1
ORDER BY id
LIMIT ?2
