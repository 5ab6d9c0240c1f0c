-- read_hashes: everything trusted. The order of versions is the program's: no text order is theirs.
SELECT version, file_name, sha256, source FROM catalogue ORDER BY version, file_name
