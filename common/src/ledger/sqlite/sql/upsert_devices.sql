-- upsert_devices: devices as their source shows them now.
-- ?1 list of serial (each once), hostname, address, model, sw_version, ha_state, ha_peer, multi_vsys, connected;
-- ?2 source.
INSERT INTO devices (serial, hostname, address, model, sw_version, ha_state, ha_peer, multi_vsys, connected, source)
SELECT value ->> 'serial', value ->> 'hostname', value ->> 'address', value ->> 'model', value ->> 'sw_version',
       value ->> 'ha_state', value ->> 'ha_peer', value ->> 'multi_vsys', value ->> 'connected', ?2
FROM json_each(?1)
WHERE true -- or the parser takes ON CONFLICT for the condition of a join (sqlite.org/lang_upsert.html)
ON CONFLICT (serial) DO UPDATE
SET hostname = excluded.hostname, address = excluded.address, model = excluded.model,
    sw_version = excluded.sw_version, ha_state = excluded.ha_state, ha_peer = excluded.ha_peer,
    multi_vsys = excluded.multi_vsys, connected = excluded.connected, source = excluded.source,
    last_seen_at = CAST(unixepoch('subsec') * 1000 AS INTEGER), gone_at = NULL
