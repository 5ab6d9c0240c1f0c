-- count_jobs: how many are where: the newest job of each device, or all of one batch. ?1 batch or NULL.
SELECT j.state, j.failure_kind, j.ready_for_install, count(*) AS n
FROM jobs j
WHERE CASE WHEN ?1 IS NULL
           THEN NOT EXISTS (SELECT 1 FROM jobs n WHERE n.serial = j.serial AND n.id > j.id)
           ELSE j.batch_id = ?1 END
GROUP BY j.state, j.failure_kind, j.ready_for_install
