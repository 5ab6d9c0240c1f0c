-- read_holders: which jobs hold the locks of these devices; free and unknown devices are missing. ?1 serials.
SELECT j.serial, j.id, j.job_type, j.state
FROM json_each(?1) w
JOIN jobs j ON j.serial = w.value AND j.ended_at IS NULL
