-- delete_hash: trusts a hash no longer. $1 version, $2 file name, empty for that of any file.
DELETE FROM catalogue WHERE version = $1 AND file_name = $2 RETURNING version, file_name, sha256, source
