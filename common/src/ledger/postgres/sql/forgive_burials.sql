-- forgive_burials: a person has looked at a letter of this job, so its wake-ups may die again. $1 job.
UPDATE jobs SET n_buried = 0 WHERE id = $1 AND n_buried > 0
