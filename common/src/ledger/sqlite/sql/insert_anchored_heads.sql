-- insert_anchored_heads: the heads that an anchor found moved. ?1 its number, ?2 list of chain, seq, hash (hex).
INSERT INTO audit_anchor_heads (chain, anchor, seq, hash)
SELECT value ->> 'chain', ?1, value ->> 'seq', unhex(value ->> 'hash')
FROM json_each(?2)
ORDER BY key
