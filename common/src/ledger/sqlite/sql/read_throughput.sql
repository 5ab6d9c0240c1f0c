-- read_throughput: the time now, how many jobs ended in the last one and ten minutes, and how many have not ended.
SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now,
       count(*) FILTER (WHERE ended_at > CAST(unixepoch('subsec') * 1000 AS INTEGER) - 60000) AS last_minute,
       count(*) AS last_10_minutes,
       (SELECT count(*) FROM jobs WHERE ended_at IS NULL) AS jobs_left
FROM jobs
WHERE ended_at > CAST(unixepoch('subsec') * 1000 AS INTEGER) - 600000
