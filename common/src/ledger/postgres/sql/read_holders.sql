-- read_holders: what keeps devices from a new job. No row: the device is not in the inventory; a row without a job and
-- without a mismatch: it is free, because what kept it has just ended. $1 serials.
SELECT d.serial, j.id, j.job_type, j.state,
       (SELECT min(m.version COLLATE "C") FROM mismatches m WHERE m.serial = d.serial AND m.cleared_at IS NULL) AS mismatch
FROM devices d LEFT JOIN jobs j ON j.serial = d.serial AND j.ended_at IS NULL
WHERE d.serial = ANY ($1::text[]) AND (d.gone_at IS NULL OR j.id IS NOT NULL)
