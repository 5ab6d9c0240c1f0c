-- open_mismatches: images whose hash is not the trusted one block their device. One that was found before keeps its
-- place; what a person cleared for this job stays cleared. Rows are locked by device and version.
-- $1 jobs, $2 versions, $3 file names, $4 trusted hashes, $5 hashes found.
INSERT INTO mismatches (serial, version, file_name, expected, found, job_id)
SELECT j.serial, m.version, m.file_name, m.expected, m.found, j.id
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])
    AS m (job_id, version, file_name, expected, found)
JOIN jobs j ON j.id = m.job_id
WHERE NOT EXISTS (
      SELECT FROM mismatches c
      WHERE c.job_id = j.id AND c.version = m.version AND c.expected = m.expected AND c.found = m.found
        AND c.cleared_at IS NOT NULL)
ORDER BY j.serial, m.version
ON CONFLICT (serial, version) WHERE cleared_at IS NULL DO UPDATE
SET file_name = excluded.file_name, expected = excluded.expected, found = excluded.found, job_id = excluded.job_id
WHERE (mismatches.expected, mismatches.found) <> (excluded.expected, excluded.found)
