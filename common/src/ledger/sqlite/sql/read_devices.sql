-- read_devices: all devices that are not gone.
SELECT serial, hostname, coalesce(address_override, address) AS address, model, sw_version, ha_state, ha_peer,
       multi_vsys, connected, source, first_seen_at, last_seen_at, gone_at, address_override
FROM devices
WHERE gone_at IS NULL
ORDER BY serial
