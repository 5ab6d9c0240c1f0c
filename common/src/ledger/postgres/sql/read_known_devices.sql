-- read_known_devices: what a look at a source is compared with: the devices it shows, and those it showed before.
-- The address is the source's, whatever a person set. $1 serials shown, $2 source.
SELECT serial, hostname, address, model, sw_version, ha_state, ha_peer, multi_vsys, connected, source,
       first_seen_at, last_seen_at, gone_at, address_override
FROM devices
WHERE serial = ANY ($1::text[]) OR source = $2
ORDER BY serial COLLATE "C"
