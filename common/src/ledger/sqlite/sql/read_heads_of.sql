-- read_heads_of: where the next entries of some chains go on. ?1 chains, also more than once.
SELECT chain, seq, hash FROM audit_heads WHERE chain IN (SELECT value FROM json_each(?1))
