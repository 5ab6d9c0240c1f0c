-- read_known_devices: what is known of the devices of a list and of all others of its source, gone ones included.
-- The address is the source's, whatever a person set. ?1 serials, ?2 source.
SELECT serial, hostname, address, model, sw_version, ha_state, ha_peer, multi_vsys, connected, source,
       first_seen_at, last_seen_at, gone_at, address_override
FROM devices
WHERE source = ?2 OR serial IN (SELECT value FROM json_each(?1))
ORDER BY serial
