-- append_entries: adds entries to the ends of their chains; several for one chain are linked in order.
-- Answers the number of entries written: fewer than sent means that a chain has no head. Heads are locked by
-- name, so that two calls cannot wait for each other; FOR UPDATE answers the newest version of a row that
-- it had to wait for (PostgreSQL manual, "Read Committed Isolation Level"), so the hashes go on from there.
-- $1 chains, $2 position of each entry within this call and chain, from 1, $3 bodies, $4 jobs.
WITH RECURSIVE entries AS MATERIALIZED (
    SELECT chain, n, body, job_id FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::bigint[]) AS e (chain, n, body, job_id)
), heads AS MATERIALIZED (
    SELECT chain, seq, hash FROM audit_heads WHERE chain = ANY ($1::text[]) ORDER BY chain FOR UPDATE
), links AS (
    SELECT chain, 0::bigint AS n, seq, NULL::bytea AS prev, hash, NULL::bytea AS body, NULL::bigint AS job_id
    FROM heads
    UNION ALL
    SELECT l.chain, e.n, l.seq + 1, l.hash, sha256(l.hash || int8send(l.seq + 1) || e.body), e.body, e.job_id
    FROM links l JOIN entries e ON e.chain = l.chain AND e.n = l.n + 1
), ends AS MATERIALIZED (
    SELECT DISTINCT ON (chain) chain, seq, hash FROM links ORDER BY chain, n DESC
), moved AS (
    UPDATE audit_heads h SET seq = e.seq, hash = e.hash FROM ends e WHERE h.chain = e.chain
)
INSERT INTO audit (chain, seq, job_id, body, prev, hash)
SELECT chain, seq, job_id, body, prev, hash FROM links WHERE n > 0
