-- The installation, and the devices it knows. Times are milliseconds since 1970, UTC, in every table.

CREATE TABLE installation (
    id         TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    only_one   INTEGER NOT NULL DEFAULT 1 UNIQUE CHECK (only_one = 1)
) STRICT;

CREATE TABLE devices (
    serial        TEXT NOT NULL PRIMARY KEY CHECK (serial <> ''),
    hostname      TEXT NOT NULL,
    address       TEXT,
    model         TEXT NOT NULL,
    sw_version    TEXT NOT NULL,
    ha_state      TEXT,                 -- NULL: standalone
    ha_peer       TEXT,
    multi_vsys    INTEGER NOT NULL CHECK (multi_vsys IN (0, 1)),
    connected     INTEGER NOT NULL CHECK (connected IN (0, 1)),
    source        TEXT NOT NULL CHECK (source IN ('panorama', 'csv')),
    first_seen_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    last_seen_at  INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    gone_at       INTEGER,
    CONSTRAINT peer_only_in_a_pair CHECK (ha_peer IS NULL OR ha_state IS NOT NULL)
) STRICT;
