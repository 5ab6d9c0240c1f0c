-- drop_images: images that are no longer on the path; not one that was asked for. $1 job, $2 versions.
DELETE FROM job_images WHERE job_id = $1 AND version = ANY ($2::text[]) AND state = 'missing'
