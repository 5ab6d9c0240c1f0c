-- What other programs asked for under a key of theirs, and what they were answered: a repeat gets the same answer.

CREATE TABLE requests (
    key        text COLLATE "C" PRIMARY KEY CHECK (key <> ''),
    sha256     bytea NOT NULL CHECK (length(sha256) = 32), -- of what was asked: the same key with another one is refused
    batch_id   uuid NOT NULL,           -- of the jobs it queues, known before the first of them
    status     integer,                 -- with `answer`, once it is answered
    answer     text,                    -- JSON
    held_until timestamptz NOT NULL,    -- somebody works on it until then; afterwards another may go on
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((status IS NULL) = (answer IS NULL))
);

CREATE INDEX requests_by_age ON requests (created_at);
