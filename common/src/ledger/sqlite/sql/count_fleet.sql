-- count_fleet: how many devices of the inventory are where by their newest job (no state: they never had one), and how
-- far the images of those jobs are; in one statement, as in PostgreSQL.
-- The newest job by the index of its device, which knows all that is asked, so that history costs nothing. An outcome is looked for as text: it is ours,
-- in canonical form, and parsing tens of thousands of them each second costs more than all the rest.
WITH newest AS MATERIALIZED (
    SELECT j.id, j.state, j.failure_kind, j.ready_for_install
    FROM devices d
    LEFT JOIN jobs j INDEXED BY jobs_of_device
         ON j.serial = d.serial AND j.id = (SELECT max(n.id) FROM jobs n WHERE n.serial = d.serial)
    WHERE d.gone_at IS NULL
)
SELECT state, failure_kind, ready_for_install, NULL AS version, NULL AS progress, count(*) AS n
FROM newest
GROUP BY state, failure_kind, ready_for_install
UNION ALL
SELECT NULL, NULL, NULL, version, progress, count(*)
FROM (
    SELECT i.version AS version,
           CASE WHEN instr(i.outcome, '"outcome":"mismatch"') THEN 'mismatch'
                WHEN i.state IN ('downloaded', 'already_present')
                THEN CASE WHEN instr(i.outcome, '"outcome":"verified"') THEN 'verified' ELSE 'present' END
                WHEN i.state IN ('requested', 'downloading') AND j.state = 'running' THEN 'running'
                ELSE 'missing' END AS progress
    FROM newest j JOIN job_images i ON i.job_id = j.id
)
GROUP BY version, progress
