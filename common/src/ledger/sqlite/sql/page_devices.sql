-- page_devices: how many devices of the inventory are as asked, and one page of them with their newest jobs. What is NULL
-- does not filter; a page beyond the last one is one row without a device.
-- ?1 pattern in lower case, ?2 state, ?3 kind of failure, ?4 order, ?5 whether the other way round, ?6 length, ?7 rows before.
WITH found AS MATERIALIZED (
    SELECT d.serial AS serial, j.id AS job_id,
           CASE ?4 WHEN 'serial' THEN d.serial WHEN 'hostname' THEN lower(d.hostname) WHEN 'state' THEN j.state END AS word,
           CASE WHEN ?4 = 'updated' THEN coalesce(j.ended_at, j.started_at, j.created_at) END AS moment
    FROM devices d
    LEFT JOIN jobs j ON j.id = (SELECT max(n.id) FROM jobs n WHERE n.serial = d.serial)
    WHERE d.gone_at IS NULL
      AND (?1 IS NULL
           OR lower(d.serial) LIKE ?1 ESCAPE '\' OR lower(d.hostname) LIKE ?1 ESCAPE '\'
           OR lower(d.model) LIKE ?1 ESCAPE '\' OR lower(coalesce(d.address_override, d.address)) LIKE ?1 ESCAPE '\')
      AND (?2 IS NULL OR j.state = ?2)
      AND (?3 IS NULL OR j.failure_kind = ?3 AND j.state IN ('failed', 'skipped'))
), page AS (
    SELECT serial, job_id,
           row_number() OVER (
               ORDER BY word IS NULL AND moment IS NULL,
                        CASE WHEN NOT ?5 THEN word END, CASE WHEN ?5 THEN word END DESC,
                        CASE WHEN NOT ?5 THEN moment END, CASE WHEN ?5 THEN moment END DESC,
                        serial) AS place
    FROM found
    ORDER BY place
    LIMIT ?6 OFFSET ?7
)
SELECT t.total, d.serial, d.hostname, d.model, coalesce(d.address_override, d.address) AS address, d.sw_version,
       j.id AS job_id, j.state, j.progress, j.message, j.failure_kind, j.ready_for_install, j.lease_owner,
       coalesce(j.ended_at, j.started_at, j.created_at) AS updated_at
FROM (SELECT count(*) AS total FROM found) t
LEFT JOIN page p ON true
LEFT JOIN devices d ON d.serial = p.serial
LEFT JOIN jobs j ON j.id = p.job_id
ORDER BY p.place
