-- drop_images: images that are no longer on the path; not one that was asked for. $1 jobs, $2 their versions.
DELETE FROM job_images i
USING unnest($1::bigint[], $2::text[]) AS d (job_id, version)
WHERE i.job_id = d.job_id AND i.version = d.version AND i.state = 'missing'
