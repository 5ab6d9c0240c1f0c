-- insert_heads: begins the chains that do not exist yet. PostgreSQL computes the hashes itself.
-- ?1 list of chain, hash (hex).
INSERT INTO audit_heads (chain, seq, hash)
SELECT value ->> 'chain', 0, unhex(value ->> 'hash')
FROM json_each(?1)
WHERE true -- or the parser takes ON CONFLICT for the condition of a join (sqlite.org/lang_upsert.html)
ON CONFLICT (chain) DO NOTHING
