-- upsert_devices: takes over what a source shows. Whoever is shown is not gone.
-- $1 serials, $2 hostnames, $3 addresses, $4 models, $5 versions, $6 HA states, $7 HA peers, $8 several virtual
-- systems, $9 connected, $10 sources.
INSERT INTO devices (serial, hostname, address, model, sw_version, ha_state, ha_peer, multi_vsys, connected, source)
SELECT serial, hostname, address, model, sw_version, ha_state, ha_peer, multi_vsys, connected, source
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[], $9::bool[],
            $10::text[])
    AS d (serial, hostname, address, model, sw_version, ha_state, ha_peer, multi_vsys, connected, source)
ORDER BY serial COLLATE "C"
ON CONFLICT (serial) DO UPDATE
SET hostname = excluded.hostname, address = excluded.address, model = excluded.model,
    sw_version = excluded.sw_version, ha_state = excluded.ha_state, ha_peer = excluded.ha_peer,
    multi_vsys = excluded.multi_vsys, connected = excluded.connected, source = excluded.source,
    last_seen_at = excluded.last_seen_at, gone_at = NULL
