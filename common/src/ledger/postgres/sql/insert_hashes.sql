-- insert_hashes: new keys; one that is there stays as it is. $1 versions, $2 file names, $3 hashes, $4 sources.
INSERT INTO catalogue (version, file_name, sha256, source)
SELECT version, file_name, sha256, source
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS h (version, file_name, sha256, source)
