-- count_jobs: how many are where: the newest job of each device of the inventory, or all of one batch. $1 batch or NULL.
SELECT j.state, j.failure_kind, j.ready_for_install, count(*) AS n
FROM jobs j JOIN devices d ON d.serial = j.serial
WHERE CASE WHEN $1::uuid IS NULL
           THEN d.gone_at IS NULL AND NOT EXISTS (SELECT FROM jobs n WHERE n.serial = j.serial AND n.id > j.id)
           ELSE j.batch_id = $1 END
GROUP BY j.state, j.failure_kind, j.ready_for_install
