-- upsert_images: images of a job, each as its last step left it.
-- ?1 job; ?2 list of version, position, rule, file_name, size_bytes, state, device_job, booted_at_s, outcome.
INSERT INTO job_images (job_id, version, position, rule, file_name, size_bytes, state, device_job, booted_at_s, outcome)
SELECT ?1, value ->> 'version', value ->> 'position', value ->> 'rule', value ->> 'file_name', value ->> 'size_bytes',
       value ->> 'state', value ->> 'device_job', value ->> 'booted_at_s', value ->> 'outcome'
FROM json_each(?2)
WHERE true -- or the parser takes ON CONFLICT for the condition of a join (sqlite.org/lang_upsert.html)
ON CONFLICT (job_id, version) DO UPDATE
SET position = excluded.position, rule = excluded.rule, file_name = excluded.file_name,
    size_bytes = excluded.size_bytes, state = excluded.state, device_job = excluded.device_job,
    booted_at_s = excluded.booted_at_s, outcome = excluded.outcome,
    updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER)
