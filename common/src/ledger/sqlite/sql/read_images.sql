-- read_images: images of a job, in order of its path. ?1 job.
SELECT version, position, rule, file_name, size_bytes, state, device_job, booted_at_s, outcome
FROM job_images
WHERE job_id = ?1
ORDER BY position, version
