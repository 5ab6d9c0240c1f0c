-- What was written with a change and still has to be published; and, here only, the embedded broker's own
-- tables, where publishing puts it.

CREATE TABLE outbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT NOT NULL CHECK (kind IN ('wake_up', 'event')),
    job_id      INTEGER NOT NULL,
    job_type    TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    routing_key TEXT NOT NULL,
    body        TEXT NOT NULL,          -- JSON
    created_at  INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    taken_until INTEGER,                -- a relay is publishing it; or it rests after a refusal
    n_refused   INTEGER NOT NULL DEFAULT 0,
    problem     TEXT
) STRICT;

CREATE INDEX outbox_of_job ON outbox (job_id, id);

-- The queue of wake-ups. A delivered row is hidden until `hidden_until`; acking deletes it.
CREATE TABLE broker_wake_ups (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    job_type     TEXT NOT NULL,
    message_id   TEXT NOT NULL,
    body         TEXT NOT NULL,
    hidden_until INTEGER NOT NULL DEFAULT 0,
    n_deliveries INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX broker_wake_ups_of_type ON broker_wake_ups (job_type, id);

-- Wake-ups that could not be read or were delivered too often, with the reason.
CREATE TABLE broker_dead (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    job_type   TEXT NOT NULL,
    message_id TEXT NOT NULL,
    body       TEXT NOT NULL,
    reason     TEXT NOT NULL,
    died_at    INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER))
) STRICT;

-- The log of events; `id` is the offset that readers keep.
CREATE TABLE broker_events (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id   TEXT NOT NULL,
    routing_key  TEXT NOT NULL,
    body         TEXT NOT NULL,
    published_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER))
) STRICT;

CREATE INDEX broker_events_by_age ON broker_events (published_at);
