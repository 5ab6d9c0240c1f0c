-- count_fleet: how many devices of the inventory are where by their newest job (no state: they never had one), and how
-- far the images of those jobs are; in one statement, so that they are of one moment.
-- The newest job by the index of its device, and its images by theirs (`OFFSET 0` keeps the planner from reading those of
-- all jobs there ever were), so that history costs nothing. An outcome is looked for as text: it is ours,
-- in canonical form, and parsing tens of thousands of them each second costs more than all the rest.
WITH newest AS MATERIALIZED (
    SELECT j.id, j.state, j.failure_kind, j.ready_for_install
    FROM devices d
    LEFT JOIN LATERAL (
        SELECT n.id, n.state, n.failure_kind, n.ready_for_install
        FROM jobs n WHERE n.serial = d.serial ORDER BY n.id DESC LIMIT 1
    ) j ON true
    WHERE d.gone_at IS NULL
)
SELECT state, failure_kind, ready_for_install, NULL::text AS version, NULL::text AS progress, count(*) AS n
FROM newest
GROUP BY state, failure_kind, ready_for_install
UNION ALL
SELECT NULL, NULL, NULL, version, progress, count(*)
FROM (
    SELECT i.version,
           CASE WHEN i.outcome LIKE '%"outcome":"mismatch"%' THEN 'mismatch'
                WHEN i.state IN ('downloaded', 'already_present')
                THEN CASE WHEN i.outcome LIKE '%"outcome":"verified"%' THEN 'verified' ELSE 'present' END
                WHEN i.state IN ('requested', 'downloading') AND j.state = 'running' THEN 'running'
                ELSE 'missing' END AS progress
    FROM newest j
    CROSS JOIN LATERAL (SELECT version, state, outcome FROM job_images WHERE job_id = j.id OFFSET 0) i
) images
GROUP BY version, progress
