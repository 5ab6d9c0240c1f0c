-- count_jobs: how many are where: the newest job of each device of the inventory, or all of one batch. ?1 batch or NULL.
-- The newest job by the index of its device, which knows all that is asked, so that history costs nothing.
SELECT state, failure_kind, ready_for_install, count(*) AS n
FROM (
    SELECT j.state, j.failure_kind, j.ready_for_install
    FROM devices d
    JOIN jobs j INDEXED BY jobs_of_device
         ON j.serial = d.serial AND j.id = (SELECT max(n.id) FROM jobs n WHERE n.serial = d.serial)
    WHERE ?1 IS NULL AND d.gone_at IS NULL
    UNION ALL
    SELECT state, failure_kind, ready_for_install FROM jobs WHERE ?1 IS NOT NULL AND batch_id = ?1
)
GROUP BY state, failure_kind, ready_for_install
