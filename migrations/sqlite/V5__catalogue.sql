-- Trusted hashes. An empty file name stands for every file of the version, the predecessor's form.

CREATE TABLE catalogue (
    version   TEXT NOT NULL,
    file_name TEXT NOT NULL DEFAULT '',
    sha256    TEXT NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    source    TEXT NOT NULL,
    added_at  INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    PRIMARY KEY (version, file_name)
) STRICT, WITHOUT ROWID;
