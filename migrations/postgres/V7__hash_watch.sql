-- What devices report about files, and the hashes that differ from the trusted ones.

CREATE TABLE hash_observations (
    version     text NOT NULL,
    file_name   text NOT NULL DEFAULT '',   -- empty: the device gave none
    platform    text NOT NULL DEFAULT '',   -- where there is no name: what tells one file from another
    serial      text NOT NULL REFERENCES devices (serial),
    sha256      text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    observed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (version, file_name, serial)
);

-- Finds another hash of a file without reading those that agree, which are nearly all.
CREATE INDEX hash_observations_by_hash ON hash_observations (version, file_name, platform, sha256);

CREATE TABLE mismatches (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    serial     text NOT NULL REFERENCES devices (serial),
    version    text NOT NULL,
    file_name  text NOT NULL DEFAULT '',    -- empty: the device gave none
    expected   text NOT NULL CHECK (expected ~ '^[0-9a-f]{64}$'),
    found      text NOT NULL CHECK (found ~ '^[0-9a-f]{64}$'),
    job_id     bigint NOT NULL REFERENCES jobs (id),
    raised_at  timestamptz NOT NULL DEFAULT now(),
    cleared_at timestamptz,                 -- NULL: it blocks the device
    cleared_by text,                        -- JSON: who, and why
    CONSTRAINT cleared_by_somebody CHECK ((cleared_at IS NULL) = (cleared_by IS NULL)),
    CONSTRAINT two_hashes CHECK (expected <> found)
);

CREATE UNIQUE INDEX one_open_mismatch_per_image ON mismatches (serial, version) WHERE cleared_at IS NULL;
CREATE INDEX mismatches_of_job ON mismatches (job_id);
