-- read_job_state: why a job could not be claimed. ?1 job.
SELECT state FROM jobs WHERE id = ?1
