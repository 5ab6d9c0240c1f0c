-- read_moved_heads: the heads that are not what the last anchor of their chain found, by name (byte order).
SELECT h.chain, h.seq, h.hash
FROM audit_heads h
LEFT JOIN audit_anchor_heads a ON a.chain = h.chain
    AND a.anchor = (SELECT max(n.anchor) FROM audit_anchor_heads n WHERE n.chain = h.chain)
WHERE a.chain IS NULL OR a.seq <> h.seq OR a.hash <> h.hash
ORDER BY h.chain
