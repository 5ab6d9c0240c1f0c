-- Jobs, their attempts and their images. The CHECKs repeat what JobState::after draws.

CREATE TABLE jobs (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT, -- AUTOINCREMENT: a number is never used again
    serial              TEXT NOT NULL REFERENCES devices (serial),
    job_type            TEXT NOT NULL CHECK (job_type IN ('download_only', 'upgrade')),
    goal                TEXT NOT NULL,  -- JSON
    batch_id            TEXT NOT NULL,
    retry_of            INTEGER REFERENCES jobs (id),
    operator            TEXT NOT NULL,
    operator_host       TEXT NOT NULL,
    reason              TEXT,
    state               TEXT NOT NULL DEFAULT 'available' CHECK (state IN
        ('scheduled', 'available', 'running', 'completed', 'failed', 'cancelled', 'skipped')),
    attempt             INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    max_attempts        INTEGER NOT NULL CHECK (max_attempts > 0),
    n_snoozes           INTEGER NOT NULL DEFAULT 0,
    n_lost_leases       INTEGER NOT NULL DEFAULT 0,
    due_at              INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    dispatch_no         INTEGER NOT NULL DEFAULT 1, -- wake-ups written so far
    dispatched_at       INTEGER,                    -- when the broker confirmed the last one
    lease_owner         TEXT,
    lease_token         INTEGER NOT NULL DEFAULT 0, -- grows with every claim, never goes back
    lease_expires_at    INTEGER,
    cancel_requested_at INTEGER,
    cancel_operator     TEXT,
    cancel_host         TEXT,
    cancel_reason       TEXT,
    event_seq           INTEGER NOT NULL DEFAULT 0, -- number of the job's last event
    progress            INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    message             TEXT NOT NULL DEFAULT 'queued',
    failure_kind        TEXT,
    ready_for_install   INTEGER NOT NULL DEFAULT 0 CHECK (ready_for_install IN (0, 1)),
    status              TEXT,                       -- JSON, the device's status document
    created_at          INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    started_at          INTEGER,
    ended_at            INTEGER,
    CONSTRAINT leased_while_running CHECK (
        (state = 'running') = (lease_owner IS NOT NULL)
        AND (state = 'running') = (lease_expires_at IS NOT NULL)),
    CONSTRAINT ended_when_terminal CHECK (
        (state IN ('completed', 'failed', 'cancelled', 'skipped')) = (ended_at IS NOT NULL)),
    CONSTRAINT ready_only_when_completed CHECK (NOT ready_for_install OR state IN ('running', 'completed'))
) STRICT;

-- The device's lock. It lives in the job itself, so it can never outlive it.
CREATE UNIQUE INDEX one_active_job_per_device ON jobs (serial) WHERE ended_at IS NULL;
CREATE INDEX jobs_of_device ON jobs (serial, id DESC);
CREATE INDEX jobs_of_batch ON jobs (batch_id);
CREATE INDEX jobs_due ON jobs (due_at) WHERE state = 'scheduled';
CREATE INDEX jobs_unclaimed ON jobs (dispatched_at) WHERE state = 'available';
CREATE INDEX jobs_leased ON jobs (lease_owner) WHERE state = 'running';
CREATE INDEX jobs_expiring ON jobs (lease_expires_at) WHERE state = 'running';

CREATE TABLE attempts (
    job_id      INTEGER NOT NULL REFERENCES jobs (id),
    lease_token INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    worker      TEXT NOT NULL,
    started_at  INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    ended_at    INTEGER,
    ending      TEXT CHECK (ending IN
        ('completed', 'failed', 'skipped', 'cancelled', 'retry', 'snooze', 'released', 'lease_lost')),
    kind        TEXT,
    message     TEXT,
    PRIMARY KEY (job_id, lease_token),
    CONSTRAINT ending_when_ended CHECK ((ended_at IS NULL) = (ending IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE job_images (
    job_id      INTEGER NOT NULL REFERENCES jobs (id),
    version     TEXT NOT NULL,
    position    INTEGER NOT NULL,
    rule        TEXT NOT NULL,
    file_name   TEXT,
    size_bytes  INTEGER,
    state       TEXT NOT NULL CHECK (state IN
        ('missing', 'requested', 'downloading', 'downloaded', 'already_present')),
    device_job  INTEGER,                -- the firewall's own job
    booted_at_s INTEGER,                -- with it: its numbers start again after a reboot
    outcome     TEXT,                   -- JSON: outcome, hashes, evidence
    updated_at  INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    PRIMARY KEY (job_id, version),
    CONSTRAINT device_job_with_boot CHECK ((device_job IS NULL) = (booted_at_s IS NULL))
) STRICT, WITHOUT ROWID;
