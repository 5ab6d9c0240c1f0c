-- What was written with a change and still has to be published. Small and busy: vacuum it early.

CREATE TABLE outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('wake_up', 'event')),
    job_id      bigint NOT NULL,
    job_type    text NOT NULL,
    message_id  text NOT NULL,
    routing_key text NOT NULL,
    body        text NOT NULL,          -- JSON
    created_at  timestamptz NOT NULL DEFAULT now(),
    taken_until timestamptz,            -- a relay is publishing it; or it rests after a refusal
    n_refused   integer NOT NULL DEFAULT 0,
    problem     text
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

CREATE INDEX outbox_of_job ON outbox (job_id, id);
