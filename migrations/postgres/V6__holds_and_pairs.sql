-- The fleet's hold, how the members of a pair share their work, and addresses that persons set.

CREATE TABLE fleet (
    only_one       boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    hold_cause     text CHECK (hold_cause IN ('operator', 'credentials')), -- NULL: not held
    hold_reason    text,
    held_since     timestamptz,
    held_by        text,                          -- JSON: who asked; NULL: the fleet held itself
    refused_in_row integer NOT NULL DEFAULT 0 CHECK (refused_in_row >= 0),
    refused_last   text NOT NULL DEFAULT '[]',    -- JSON: serials of the last refusals, newest last
    CONSTRAINT hold_is_whole CHECK (
        (hold_cause IS NULL) = (hold_reason IS NULL)
        AND (hold_cause IS NULL) = (held_since IS NULL)
        AND (hold_cause IS NOT NULL OR held_by IS NULL))
);

INSERT INTO fleet (only_one) VALUES (true);

ALTER TABLE devices ADD COLUMN address_override text; -- wins over `address`, which is the source's

CREATE INDEX devices_by_peer ON devices (ha_peer) WHERE ha_peer IS NOT NULL;

ALTER TABLE jobs
    ADD COLUMN pair_mode text NOT NULL DEFAULT 'in_turn' CHECK (pair_mode IN ('in_turn', 'at_once', 'sync')),
    ADD COLUMN held_up   boolean NOT NULL DEFAULT false,       -- refused a claim by the hold, whose end wakes it
    ADD COLUMN waits_for bigint REFERENCES jobs (id),          -- refused a claim by this job, whose end wakes it
    ADD CONSTRAINT refused_while_available CHECK (state = 'available' OR (NOT held_up AND waits_for IS NULL));

CREATE INDEX jobs_held_up ON jobs (id) WHERE held_up;
CREATE INDEX jobs_waiting ON jobs (waits_for) WHERE waits_for IS NOT NULL;

-- The other members of the pair of a job's device, whichever of the two says so; one may be there twice. By job, so
-- that both databases look it up from there.
CREATE VIEW peers AS
SELECT j.id AS job, j.serial, d.ha_peer AS peer
FROM jobs j JOIN devices d ON d.serial = j.serial
WHERE d.ha_peer <> j.serial
UNION ALL
SELECT j.id, j.serial, d.serial
FROM jobs j JOIN devices d ON d.ha_peer = j.serial
WHERE d.serial <> j.serial;

-- Which jobs have to end first, at least for a while, before a job of the other member of the pair may begin: one
-- that runs, and the leading one of two that share their images.
CREATE VIEW obstacles AS
SELECT j.id AS job, p.id AS obstacle
FROM jobs j
JOIN devices d ON d.serial = j.serial
JOIN jobs p ON p.serial = d.ha_peer AND p.ended_at IS NULL AND p.id <> j.id
WHERE j.pair_mode <> 'at_once'
  AND (p.state = 'running'
       OR j.pair_mode = 'sync' AND p.pair_mode = 'sync' AND p.batch_id = j.batch_id AND p.id < j.id)
UNION ALL
SELECT j.id, p.id
FROM jobs j
JOIN devices d ON d.ha_peer = j.serial
JOIN jobs p ON p.serial = d.serial AND p.ended_at IS NULL AND p.id <> j.id
WHERE j.pair_mode <> 'at_once'
  AND (p.state = 'running'
       OR j.pair_mode = 'sync' AND p.pair_mode = 'sync' AND p.batch_id = j.batch_id AND p.id < j.id);
