-- read_hashes: everything trusted; versions have an order of their own, which no database knows.
SELECT version, file_name, sha256, source
FROM catalogue
