-- read_device: one device, gone or not. ?1 serial.
SELECT serial, hostname, coalesce(address_override, address) AS address, model, sw_version, ha_state, ha_peer,
       multi_vsys, connected, source, first_seen_at, last_seen_at, gone_at, address_override
FROM devices
WHERE serial = ?1
