-- count_jobs: how many are where: the newest job of each device of the inventory, or all of one batch. $1 batch or NULL.
-- The newest job by the index of its device, so that history costs nothing.
SELECT state, failure_kind, ready_for_install, count(*) AS n
FROM (
    SELECT j.state, j.failure_kind, j.ready_for_install
    FROM devices d
    CROSS JOIN LATERAL (
        SELECT n.state, n.failure_kind, n.ready_for_install
        FROM jobs n WHERE n.serial = d.serial ORDER BY n.id DESC LIMIT 1
    ) j
    WHERE $1::uuid IS NULL AND d.gone_at IS NULL
    UNION ALL
    SELECT state, failure_kind, ready_for_install FROM jobs WHERE batch_id = $1
) counted
GROUP BY state, failure_kind, ready_for_install
