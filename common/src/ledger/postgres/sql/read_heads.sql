-- read_heads: one page of the ends of the chains by name (byte order). $1 name to go on after, or NULL, $2 limit.
SELECT chain, seq, hash
FROM audit_heads
WHERE $1::text IS NULL OR chain > $1
ORDER BY chain
LIMIT $2
