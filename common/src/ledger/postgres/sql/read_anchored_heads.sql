-- read_anchored_heads: one page of anchored heads by chain (byte order) and anchor.
-- $1 and $2 chain and anchor to go on after, or NULL, $3 limit.
SELECT chain, anchor, seq, hash
FROM audit_anchor_heads
WHERE $1::text IS NULL OR (chain, anchor) > ($1, $2::bigint)
ORDER BY chain, anchor
LIMIT $3
