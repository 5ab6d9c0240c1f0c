-- read_pair_members: devices of the inventory that name another one as the other member of their pair, or are named by one;
-- with the state of the newest job of each and, where that is ready, the versions that it left there.
SELECT d.serial, d.hostname, coalesce(d.address_override, d.address) AS address, d.model, d.sw_version, d.ha_state, d.ha_peer,
       d.multi_vsys, d.connected, d.source, d.first_seen_at, d.last_seen_at, d.gone_at, d.address_override,
       j.state, j.ready_for_install,
       CASE WHEN j.ready_for_install THEN (
           SELECT string_agg(i.version, ' ')
           FROM job_images i WHERE i.job_id = j.id AND i.state IN ('downloaded', 'already_present')
       ) END AS present
FROM devices d
LEFT JOIN LATERAL (
    SELECT n.id, n.state, n.ready_for_install FROM jobs n WHERE n.serial = d.serial ORDER BY n.id DESC LIMIT 1
) j ON true
WHERE d.gone_at IS NULL
  AND (d.ha_peer IS NOT NULL
       OR d.serial IN (SELECT p.ha_peer FROM devices p WHERE p.ha_peer IS NOT NULL AND p.gone_at IS NULL))
ORDER BY d.serial COLLATE "C"
