-- read_job_state: why a claim, a write or a cancel met no row. $1 job.
SELECT state FROM jobs WHERE id = $1
