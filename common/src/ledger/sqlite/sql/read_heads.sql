-- read_heads: one page of chain ends. ?1 the chain before the page, or an empty text, ?2 limit.
SELECT chain, seq, hash FROM audit_heads WHERE chain > ?1 ORDER BY chain LIMIT ?2
