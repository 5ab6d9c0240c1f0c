-- set_address: an address that wins over the source's. ?1 serial, ?2 address or NULL.
UPDATE devices SET address_override = ?2 WHERE serial = ?1
