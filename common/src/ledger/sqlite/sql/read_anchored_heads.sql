-- read_anchored_heads: one page of anchored heads by chain (byte order) and anchor.
-- ?1 and ?2 chain and anchor before the page, ?3 limit.
SELECT chain, anchor, seq, hash
FROM audit_anchor_heads
WHERE (chain, anchor) > (?1, ?2)
ORDER BY chain, anchor
LIMIT ?3
