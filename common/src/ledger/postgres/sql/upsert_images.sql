-- upsert_images: images that changed; each replaces the record of its version.
-- $1 jobs, $2 versions, $3 positions, $4 rules, $5 file names, $6 sizes, $7 states, $8 device jobs, $9 boot times,
-- $10 outcomes.
INSERT INTO job_images
    (job_id, version, position, rule, file_name, size_bytes, state, device_job, booted_at_s, outcome)
SELECT job_id, version, position, rule, file_name, size_bytes, state, device_job, booted_at_s, outcome
FROM unnest($1::bigint[], $2::text[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bigint[],
            $9::bigint[], $10::text[])
    AS i (job_id, version, position, rule, file_name, size_bytes, state, device_job, booted_at_s, outcome)
ON CONFLICT (job_id, version) DO UPDATE
SET position = excluded.position, rule = excluded.rule, file_name = excluded.file_name,
    size_bytes = excluded.size_bytes, state = excluded.state, device_job = excluded.device_job,
    booted_at_s = excluded.booted_at_s, outcome = excluded.outcome, updated_at = now()
