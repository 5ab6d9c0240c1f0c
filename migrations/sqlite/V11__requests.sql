-- What other programs asked for under a key of theirs, and what they were answered: a repeat gets the same answer.

CREATE TABLE requests (
    key        TEXT NOT NULL PRIMARY KEY CHECK (key <> ''),
    sha256     BLOB NOT NULL CHECK (length(sha256) = 32), -- of what was asked: the same key with another one is refused
    batch_id   TEXT NOT NULL,           -- of the jobs it queues, known before the first of them
    status     INTEGER,                 -- with `answer`, once it is answered
    answer     TEXT,                    -- JSON
    held_until INTEGER NOT NULL,        -- somebody works on it until then; afterwards another may go on
    created_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    CHECK ((status IS NULL) = (answer IS NULL))
) STRICT;

CREATE INDEX requests_by_age ON requests (created_at);
