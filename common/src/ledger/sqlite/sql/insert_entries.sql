-- insert_entries: adds linked entries to the trail. PostgreSQL links them in its own statement, `append_entries`.
-- ?1 list of chain, seq, job, body, prev (hex), hash (hex).
INSERT INTO audit (chain, seq, job_id, body, prev, hash)
SELECT value ->> 'chain', value ->> 'seq', value ->> 'job', CAST(value ->> 'body' AS BLOB),
       unhex(value ->> 'prev'), unhex(value ->> 'hash')
FROM json_each(?1)
ORDER BY key
