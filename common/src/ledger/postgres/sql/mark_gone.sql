-- mark_gone: devices that their source no longer shows. $1 serials.
UPDATE devices SET gone_at = now() WHERE serial = ANY ($1::text[]) AND gone_at IS NULL
