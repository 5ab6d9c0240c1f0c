-- read_job_proofs: looks whether a page of jobs, by number, has the entries that each has to have: the one that queued it
-- and, once it ended, the one of its end. Answers one row: the last number of the page, and the first job that lacks one.
-- The canonical body begins with the action, because its keys are sorted; so bytes are compared and nothing is parsed.
-- A scalar query instead of NOT EXISTS, which the planner may turn into a look at the whole trail for every page.
-- $1 number to go on after, $2 limit.
WITH page AS MATERIALIZED (
    SELECT id, serial, state FROM jobs WHERE id > $1 ORDER BY id LIMIT $2
), owed AS (
    SELECT id, serial, state, 'job_queued' AS action, 1 AS n FROM page
    UNION ALL
    SELECT id, serial, state, 'job_' || state, 2 FROM page
    WHERE state IN ('completed', 'failed', 'cancelled', 'skipped')
), begins AS (
    SELECT o.*, convert_to('{"action":"' || o.action || '",', 'UTF8') AS prefix FROM owed o
), unproven AS (
    SELECT b.id, b.serial, b.state, b.action FROM begins b
    WHERE (SELECT true FROM audit a
           WHERE a.job_id = b.id AND a.chain = b.serial AND substring(a.body FROM 1 FOR length(b.prefix)) = b.prefix
           LIMIT 1) IS NULL
    ORDER BY b.id, b.n
    LIMIT 1
)
SELECT (SELECT max(id) FROM page) AS last, u.id, u.serial, u.state, u.action, coalesce(h.seq, 0) AS seq
FROM (VALUES (true)) AS always (there)
LEFT JOIN unproven u ON true
LEFT JOIN audit_heads h ON h.chain = u.serial
