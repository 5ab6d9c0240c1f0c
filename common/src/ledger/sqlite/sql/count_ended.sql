-- count_ended: the time now, and jobs that ended by stretch of time: its number from the beginning on, and how they ended.
-- No number where none ended. ?1 beginning in milliseconds since 1970, ?2 length of a stretch in milliseconds, ?3 how many
-- of the newest ones at most.
SELECT t.now, e.bucket, e.completed, e.not_completed
FROM (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now) t
LEFT JOIN (
    SELECT (ended_at - ?1) / ?2 AS bucket,
           count(*) FILTER (WHERE state = 'completed') AS completed,
           count(*) FILTER (WHERE state <> 'completed') AS not_completed
    FROM jobs
    WHERE ended_at >= max(?1, CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?2 * (?3 + 1))
    GROUP BY 1
) e ON true
ORDER BY e.bucket
