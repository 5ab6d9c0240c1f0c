-- read_server: what the server says of itself and of the user that asks. Settings are those of this session, which a
-- role or a database may have of its own. Other users' connections are counted, not shown.
SELECT
    current_setting('server_version') AS server_version,
    pg_is_in_recovery() AS is_standby,
    current_user::text AS login,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
    CASE
        WHEN to_regclass('jobs') IS NULL THEN false
        ELSE has_table_privilege(to_regclass('jobs')::oid, 'INSERT')
    END AS may_queue,
    current_setting('fsync') AS fsync,
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('full_page_writes') AS full_page_writes,
    current_setting('max_connections')::bigint
        - current_setting('superuser_reserved_connections')::bigint AS max_connections,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS n_connections
