-- read_device: one device, gone or not. ?1 serial.
SELECT serial, hostname, address, model, sw_version, ha_state, ha_peer, multi_vsys, connected, source,
       first_seen_at, last_seen_at, gone_at
FROM devices
WHERE serial = ?1
