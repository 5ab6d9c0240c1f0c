-- read_holders: the jobs that hold the locks of devices. No row: the device is not in the inventory; without a job: it
-- is free. SQLite need not tell the two apart, because there nobody else ends a job in between. $1 serials.
SELECT d.serial, j.id, j.job_type, j.state
FROM devices d LEFT JOIN jobs j ON j.serial = d.serial AND j.ended_at IS NULL
WHERE d.serial = ANY ($1::text[]) AND (d.gone_at IS NULL OR j.id IS NOT NULL)
