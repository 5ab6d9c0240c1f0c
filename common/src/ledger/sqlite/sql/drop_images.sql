-- drop_images: images that are no longer on the path; not one that was asked for. ?1 job, ?2 versions.
DELETE FROM job_images
WHERE job_id = ?1 AND version IN (SELECT value FROM json_each(?2)) AND state = 'missing'
