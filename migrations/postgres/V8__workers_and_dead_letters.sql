-- Workers and what keeps them from beginning anything; who holds rows of the outbox; letters that died at the broker.

-- Jobs before the outbox, as everybody locks them: workers may be at it.
ALTER TABLE jobs ADD COLUMN n_buried integer NOT NULL DEFAULT 0 CHECK (n_buried >= 0); -- wake-ups that died since the last claim

ALTER TABLE outbox ADD COLUMN taken_by uuid; -- which taking of rows holds it

CREATE TABLE workers (
    id          text PRIMARY KEY CHECK (id <> ''),
    host        text NOT NULL,
    version     text NOT NULL,
    job_types   text NOT NULL,          -- JSON: the queues it takes from
    concurrency integer NOT NULL CHECK (concurrency >= 0),
    draining    boolean NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    seen_at     timestamptz NOT NULL DEFAULT now(),
    silent_at   timestamptz NOT NULL,   -- without another beat it counts as silent from then on: its leases are over
    left_at     timestamptz             -- it ended in order
) WITH (fillfactor = 50); -- every beat writes a new version of the row beside it

CREATE TABLE pauses (
    scope     text NOT NULL CHECK (scope IN ('queue', 'worker')),
    name      text NOT NULL,            -- the job type, or the worker
    reason    text NOT NULL,
    since     timestamptz NOT NULL DEFAULT now(),
    paused_by text NOT NULL,            -- JSON: who asked
    PRIMARY KEY (scope, name)
);

CREATE TABLE dead_letters (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id   text NOT NULL,         -- empty: it had none
    routing_key  text NOT NULL,
    body         bytea NOT NULL,        -- whole, or what was kept of it
    size_bytes   bigint NOT NULL CHECK (size_bytes >= 0),
    sha256       bytea NOT NULL CHECK (length(sha256) = 32), -- of `body`
    reason       text NOT NULL,
    died_at      timestamptz NOT NULL,
    collected_at timestamptz NOT NULL DEFAULT now(),
    job_id       bigint,                -- which it names; there need not be such a job
    CONSTRAINT one_letter_per_death UNIQUE (message_id, died_at, sha256)
);
