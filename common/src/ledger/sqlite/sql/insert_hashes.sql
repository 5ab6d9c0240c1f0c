-- insert_hashes: new keys. ?1 list of version, file_name, sha256, source.
INSERT INTO catalogue (version, file_name, sha256, source)
SELECT value ->> 'version', value ->> 'file_name', value ->> 'sha256', value ->> 'source'
FROM json_each(?1)
