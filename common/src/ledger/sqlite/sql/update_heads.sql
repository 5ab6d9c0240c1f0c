-- update_heads: the new ends of chains, after their entries were inserted. ?1 list of chain, seq, hash (hex).
UPDATE audit_heads
SET seq = e.value ->> 'seq', hash = unhex(e.value ->> 'hash')
FROM json_each(?1) e
WHERE audit_heads.chain = e.value ->> 'chain'
