-- What devices report about files, and the hashes that differ from the trusted ones.

CREATE TABLE hash_observations (
    version     TEXT NOT NULL,
    file_name   TEXT NOT NULL DEFAULT '',   -- empty: the device gave none
    platform    TEXT NOT NULL DEFAULT '',   -- where there is no name: what tells one file from another
    serial      TEXT NOT NULL REFERENCES devices (serial),
    sha256      TEXT NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
    observed_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    PRIMARY KEY (version, file_name, serial)
) STRICT, WITHOUT ROWID;

-- Finds another hash of a file without reading those that agree, which are nearly all.
CREATE INDEX hash_observations_by_hash ON hash_observations (version, file_name, platform, sha256);

CREATE TABLE mismatches (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    serial     TEXT NOT NULL REFERENCES devices (serial),
    version    TEXT NOT NULL,
    file_name  TEXT NOT NULL DEFAULT '',    -- empty: the device gave none
    expected   TEXT NOT NULL CHECK (length(expected) = 64 AND expected NOT GLOB '*[^0-9a-f]*'),
    found      TEXT NOT NULL CHECK (length(found) = 64 AND found NOT GLOB '*[^0-9a-f]*'),
    job_id     INTEGER NOT NULL REFERENCES jobs (id),
    raised_at  INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    cleared_at INTEGER,                     -- NULL: it blocks the device
    cleared_by TEXT,                        -- JSON: who, and why
    CONSTRAINT cleared_by_somebody CHECK ((cleared_at IS NULL) = (cleared_by IS NULL)),
    CONSTRAINT two_hashes CHECK (expected <> found)
) STRICT;

CREATE UNIQUE INDEX one_open_mismatch_per_image ON mismatches (serial, version) WHERE cleared_at IS NULL;
CREATE INDEX mismatches_of_job ON mismatches (job_id);
