-- read_job_proofs: looks whether a page of jobs, by number, has the entries that each has to have: the one that queued it
-- and, once it ended, the one of its end. Answers one row: the last number of the page, and the first job that lacks one.
-- The canonical body begins with the action, because its keys are sorted; so bytes are compared and nothing is parsed.
-- ?1 number to go on after, ?2 limit.
WITH page AS MATERIALIZED (
    SELECT id, serial, state FROM jobs WHERE id > ?1 ORDER BY id LIMIT ?2
), owed AS (
    SELECT id, serial, state, 'job_queued' AS action, 1 AS n FROM page
    UNION ALL
    SELECT id, serial, state, 'job_' || state, 2 FROM page
    WHERE state IN ('completed', 'failed', 'cancelled', 'skipped')
), begins AS (
    SELECT id, serial, state, action, n, CAST('{"action":"' || action || '",' AS BLOB) AS prefix FROM owed
), unproven AS (
    SELECT b.id, b.serial, b.state, b.action FROM begins b
    WHERE NOT EXISTS (
        SELECT 1 FROM audit a
        WHERE a.job_id = b.id AND a.chain = b.serial AND substr(a.body, 1, length(b.prefix)) = b.prefix)
    ORDER BY b.id, b.n
    LIMIT 1
)
SELECT (SELECT max(id) FROM page) AS last, u.id, u.serial, u.state, u.action, coalesce(h.seq, 0) AS seq
FROM (SELECT 1) AS always
LEFT JOIN unproven u ON true
LEFT JOIN audit_heads h ON h.chain = u.serial
