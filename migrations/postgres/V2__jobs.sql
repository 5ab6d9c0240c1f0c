-- Jobs, their attempts and their images. The CHECKs repeat what JobState::after draws.

CREATE TABLE jobs (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    serial              text NOT NULL REFERENCES devices (serial),
    job_type            text NOT NULL CHECK (job_type IN ('download_only', 'upgrade')),
    goal                text NOT NULL,  -- JSON
    batch_id            uuid NOT NULL,
    retry_of            bigint REFERENCES jobs (id),
    operator            text NOT NULL,
    operator_host       text NOT NULL,
    reason              text,
    state               text NOT NULL DEFAULT 'available' CHECK (state IN
        ('scheduled', 'available', 'running', 'completed', 'failed', 'cancelled', 'skipped')),
    attempt             integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    max_attempts        integer NOT NULL CHECK (max_attempts > 0),
    n_snoozes           integer NOT NULL DEFAULT 0,
    n_lost_leases       integer NOT NULL DEFAULT 0,
    due_at              timestamptz NOT NULL DEFAULT now(),
    dispatch_no         integer NOT NULL DEFAULT 1, -- wake-ups written so far
    dispatched_at       timestamptz,                -- when the broker confirmed the last one
    lease_owner         text,
    lease_token         bigint NOT NULL DEFAULT 0,  -- grows with every claim, never goes back
    lease_expires_at    timestamptz,
    cancel_requested_at timestamptz,
    cancel_operator     text,
    cancel_host         text,
    cancel_reason       text,
    event_seq           bigint NOT NULL DEFAULT 0,  -- number of the job's last event
    progress            smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    message             text NOT NULL DEFAULT 'queued',
    failure_kind        text,
    ready_for_install   boolean NOT NULL DEFAULT false,
    status              text,                       -- JSON, the device's status document
    created_at          timestamptz NOT NULL DEFAULT now(),
    started_at          timestamptz,
    ended_at            timestamptz,
    CONSTRAINT leased_while_running CHECK (
        (state = 'running') = (lease_owner IS NOT NULL)
        AND (state = 'running') = (lease_expires_at IS NOT NULL)),
    CONSTRAINT ended_when_terminal CHECK (
        (state IN ('completed', 'failed', 'cancelled', 'skipped')) = (ended_at IS NOT NULL)),
    CONSTRAINT ready_only_when_completed CHECK (NOT ready_for_install OR state IN ('running', 'completed'))
) WITH (fillfactor = 80); -- room for the next version of a row beside it: steps and renewals touch no index

-- The device's lock. It lives in the job itself, so it can never outlive it.
CREATE UNIQUE INDEX one_active_job_per_device ON jobs (serial) WHERE ended_at IS NULL;
CREATE INDEX jobs_of_device ON jobs (serial, id DESC);
CREATE INDEX jobs_of_batch ON jobs (batch_id);
CREATE INDEX jobs_due ON jobs (due_at) WHERE state = 'scheduled';
CREATE INDEX jobs_unclaimed ON jobs (dispatched_at) WHERE state = 'available';
-- Finds expired leases too: one on `lease_expires_at`, as SQLite has it, would turn every renewal into a new entry
-- of every index (PostgreSQL manual, "Heap-Only Tuples").
CREATE INDEX jobs_leased ON jobs (lease_owner) WHERE state = 'running';

CREATE TABLE attempts (
    job_id      bigint NOT NULL REFERENCES jobs (id),
    lease_token bigint NOT NULL,
    attempt     integer NOT NULL,
    worker      text NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    ending      text CHECK (ending IN
        ('completed', 'failed', 'skipped', 'cancelled', 'retry', 'snooze', 'released', 'lease_lost')),
    kind        text,
    message     text,
    PRIMARY KEY (job_id, lease_token),
    CONSTRAINT ending_when_ended CHECK ((ended_at IS NULL) = (ending IS NULL))
);

CREATE TABLE job_images (
    job_id      bigint NOT NULL REFERENCES jobs (id),
    version     text NOT NULL,
    position    integer NOT NULL,
    rule        text NOT NULL,
    file_name   text,
    size_bytes  bigint,
    state       text NOT NULL CHECK (state IN
        ('missing', 'requested', 'downloading', 'downloaded', 'already_present')),
    device_job  bigint,                 -- the firewall's own job
    booted_at_s bigint,                 -- with it: its numbers start again after a reboot
    outcome     text,                   -- JSON: outcome, hashes, evidence
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, version),
    CONSTRAINT device_job_with_boot CHECK ((device_job IS NULL) = (booted_at_s IS NULL))
);
