-- open_mismatches: images whose hash is not the trusted one block their device. One that was found before keeps its
-- place; what a person cleared for this job stays cleared.
-- ?1 job, ?2 list of version, file_name, expected, found.
INSERT INTO mismatches (serial, version, file_name, expected, found, job_id)
SELECT j.serial, m.value ->> 'version', m.value ->> 'file_name', m.value ->> 'expected', m.value ->> 'found', j.id
FROM jobs j, json_each(?2) m
WHERE j.id = ?1
  AND NOT EXISTS (
      SELECT 1 FROM mismatches c
      WHERE c.job_id = j.id AND c.version = m.value ->> 'version' AND c.expected = m.value ->> 'expected'
        AND c.found = m.value ->> 'found' AND c.cleared_at IS NOT NULL)
ON CONFLICT (serial, version) WHERE cleared_at IS NULL DO UPDATE
SET file_name = excluded.file_name, expected = excluded.expected, found = excluded.found, job_id = excluded.job_id
WHERE (mismatches.expected, mismatches.found) <> (excluded.expected, excluded.found)
