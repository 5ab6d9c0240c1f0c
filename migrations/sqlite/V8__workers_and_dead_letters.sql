-- Workers and what keeps them from beginning anything; who holds rows of the outbox; letters that died at the broker;
-- and, here only, what the embedded broker tells workers.

CREATE TABLE workers (
    id          TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
    host        TEXT NOT NULL,
    version     TEXT NOT NULL,
    job_types   TEXT NOT NULL,          -- JSON: the queues it takes from
    concurrency INTEGER NOT NULL CHECK (concurrency >= 0),
    draining    INTEGER NOT NULL CHECK (draining IN (0, 1)),
    started_at  INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    seen_at     INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    silent_at   INTEGER NOT NULL,       -- without another beat it counts as silent from then on: its leases are over
    left_at     INTEGER                 -- it ended in order
) STRICT;

CREATE TABLE pauses (
    scope     TEXT NOT NULL CHECK (scope IN ('queue', 'worker')),
    name      TEXT NOT NULL,            -- the job type, or the worker
    reason    TEXT NOT NULL,
    since     INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    paused_by TEXT NOT NULL,            -- JSON: who asked
    PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE outbox ADD COLUMN taken_by TEXT; -- which taking of rows holds it, a UUID

ALTER TABLE jobs ADD COLUMN n_buried INTEGER NOT NULL DEFAULT 0 -- wake-ups that died since the last claim
    CHECK (n_buried >= 0);

CREATE TABLE dead_letters (
    id           INTEGER PRIMARY KEY AUTOINCREMENT, -- AUTOINCREMENT: a number is never used again
    message_id   TEXT NOT NULL,         -- empty: it had none
    routing_key  TEXT NOT NULL,
    body         BLOB NOT NULL,         -- whole, or what was kept of it
    size_bytes   INTEGER NOT NULL CHECK (size_bytes >= 0),
    sha256       BLOB NOT NULL CHECK (length(sha256) = 32), -- of `body`
    reason       TEXT NOT NULL,
    died_at      INTEGER NOT NULL,
    collected_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    job_id       INTEGER,               -- which it names; there need not be such a job
    CONSTRAINT one_letter_per_death UNIQUE (message_id, died_at, sha256)
) STRICT;

-- What is told to workers that listen, for as long as it is worth hearing; `id` is where a listener goes on.
CREATE TABLE broker_controls (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    body         TEXT NOT NULL,
    published_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER))
) STRICT;

CREATE INDEX broker_controls_by_age ON broker_controls (published_at);
