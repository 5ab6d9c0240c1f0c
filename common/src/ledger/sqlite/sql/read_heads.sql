-- read_heads: one page of chain ends. ?1 the chain before the page or NULL, ?2 limit.
SELECT chain, seq, hash FROM audit_heads WHERE ?1 IS NULL OR chain > ?1 ORDER BY chain LIMIT ?2
