-- The installation, and the devices it knows.

CREATE TABLE installation (
    id         uuid PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    only_one   boolean NOT NULL DEFAULT true UNIQUE CHECK (only_one)
);

CREATE TABLE devices (
    serial        text PRIMARY KEY CHECK (serial <> ''),
    hostname      text NOT NULL,
    address       text,
    model         text NOT NULL,
    sw_version    text NOT NULL,
    ha_state      text,                 -- NULL: standalone
    ha_peer       text,
    multi_vsys    boolean NOT NULL,
    connected     boolean NOT NULL,
    source        text NOT NULL CHECK (source IN ('panorama', 'csv')),
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    gone_at       timestamptz,
    CONSTRAINT peer_only_in_a_pair CHECK (ha_peer IS NULL OR ha_state IS NOT NULL)
);
