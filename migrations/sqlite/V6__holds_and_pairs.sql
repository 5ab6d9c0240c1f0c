-- The fleet's hold, how the members of a pair share their work, and addresses that persons set.

CREATE TABLE fleet (
    only_one       INTEGER NOT NULL PRIMARY KEY CHECK (only_one = 1),
    hold_cause     TEXT CHECK (hold_cause IN ('operator', 'credentials')), -- NULL: not held
    hold_reason    TEXT,
    held_since     INTEGER,
    held_by        TEXT,                          -- JSON: who asked; NULL: the fleet held itself
    refused_in_row INTEGER NOT NULL DEFAULT 0 CHECK (refused_in_row >= 0),
    refused_last   TEXT NOT NULL DEFAULT '[]',    -- JSON: serials of the last refusals, newest last
    CONSTRAINT hold_is_whole CHECK (
        (hold_cause IS NULL) = (hold_reason IS NULL)
        AND (hold_cause IS NULL) = (held_since IS NULL)
        AND (hold_cause IS NOT NULL OR held_by IS NULL))
) STRICT;

INSERT INTO fleet (only_one) VALUES (1);

ALTER TABLE devices ADD COLUMN address_override TEXT; -- wins over `address`, which is the source's

CREATE INDEX devices_by_peer ON devices (ha_peer) WHERE ha_peer IS NOT NULL;

-- A table's CHECK cannot be added to one that is there (sqlite.org/lang_altertable.html), a column's can.
ALTER TABLE jobs ADD COLUMN pair_mode TEXT NOT NULL DEFAULT 'in_turn'
    CHECK (pair_mode IN ('in_turn', 'at_once', 'sync'));
ALTER TABLE jobs ADD COLUMN held_up INTEGER NOT NULL DEFAULT 0 -- refused a claim by the hold, whose end wakes it
    CHECK (held_up = 0 OR (held_up = 1 AND state = 'available'));
ALTER TABLE jobs ADD COLUMN waits_for INTEGER REFERENCES jobs (id) -- refused a claim by this job, whose end wakes it
    CHECK (waits_for IS NULL OR state = 'available');

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
