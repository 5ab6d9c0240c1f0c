-- read_throughput: the time now, how many jobs ended in the last one and ten minutes, since when those of the last ten
-- minutes were worked on, and how many have not ended.
SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now,
       count(*) FILTER (WHERE ended_at > CAST(unixepoch('subsec') * 1000 AS INTEGER) - 60000) AS last_minute,
       count(*) AS last_10_minutes,
       CAST(unixepoch('subsec') - min(started_at) / 1000 AS INTEGER) AS worked_s,
       (SELECT count(*) FROM jobs WHERE ended_at IS NULL) AS jobs_left
FROM jobs
WHERE ended_at > CAST(unixepoch('subsec') * 1000 AS INTEGER) - 600000
