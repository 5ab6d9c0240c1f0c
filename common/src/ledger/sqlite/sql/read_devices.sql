-- read_devices: all devices that are not gone.
SELECT serial, hostname, address, model, sw_version, ha_state, ha_peer, multi_vsys, connected, source,
       first_seen_at, last_seen_at, gone_at
FROM devices
WHERE gone_at IS NULL
ORDER BY serial
