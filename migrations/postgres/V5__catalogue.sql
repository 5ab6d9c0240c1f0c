-- Trusted hashes. An empty file name stands for every file of the version, the predecessor's form.

CREATE TABLE catalogue (
    version   text NOT NULL,
    file_name text NOT NULL DEFAULT '',
    sha256    text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    source    text NOT NULL,
    added_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (version, file_name)
);
