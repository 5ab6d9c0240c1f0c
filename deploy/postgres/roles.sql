-- Who may do what in the ledger's database. Plain SQL: psql -f, or any other client, as a superuser connected to that
-- database. Safe to run again, and needed again after each `panos-upgrade migrate`: before it, the owner can migrate and
-- new tables may be read and written by the programs; after it, each role has exactly what it needs and no more.
--
--   panos_owner     migrates. Owns every table, and so can do anything to them: its password belongs to nobody's daily work.
--   panos_worker    the workers: claims, steps, outbox, appends to the audit trail. Cannot make jobs, change the inventory
--                   or the trusted hashes, nor change or remove anything of the audit trail.
--   panos_operator  the command line: what a worker may, and jobs, inventory, trusted hashes, pauses, dead letters.
--   panos_dashboard the dashboard's server: reads, and queues and cancels jobs for programs that ask it to. Cannot claim
--                   leases, change the inventory or the trusted hashes, pause the fleet, or answer for a worker.
--   panos_reader    reports and screens that only look: reads.
--
-- The roles can log in once they have a password (psql: \password panos_worker). The database is the ledger's alone: its
-- schema is `public`, and nobody else is let in.

BEGIN;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['panos_owner', 'panos_worker', 'panos_operator', 'panos_dashboard', 'panos_reader'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = name);
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- roles belong to the whole server, and somebody made it for another database at this moment
        END;
    END LOOP;
    IF NOT pg_has_role('panos_operator', 'panos_worker', 'MEMBER') THEN
        BEGIN
            GRANT panos_worker TO panos_operator;
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
    END IF;

    -- The database and its schema: nobody but these, and only the owner makes anything in it.
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO panos_owner, panos_worker, panos_operator, panos_dashboard, '
                   'panos_reader', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    GRANT USAGE, CREATE ON SCHEMA public TO panos_owner;
    GRANT USAGE ON SCHEMA public TO panos_worker, panos_operator, panos_dashboard, panos_reader;

    -- What was migrated by somebody else so far. Sequences of identity columns follow their tables.
    FOR name IN
        SELECT format('ALTER %s %s OWNER TO panos_owner',
                      CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, c.oid::regclass)
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
          AND c.relowner <> 'panos_owner'::regrole
        UNION ALL
        SELECT format('ALTER FUNCTION %s OWNER TO panos_owner', p.oid::regprocedure)
        FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.proowner <> 'panos_owner'::regrole
    LOOP
        EXECUTE name;
    END LOOP;
END $$;

-- Tables of later migrations, until this script has run again. The audit trail's triggers refuse changes all the same.
ALTER DEFAULT PRIVILEGES FOR ROLE panos_owner IN SCHEMA public GRANT SELECT ON TABLES TO panos_dashboard, panos_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE panos_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO panos_worker, panos_operator;

-- From here on nothing is left over of what was granted before.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, panos_worker, panos_operator, panos_dashboard, panos_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO panos_worker, panos_operator, panos_dashboard, panos_reader;

DO $$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT * FROM (VALUES
            ('panos_worker',   'jobs',               'UPDATE'),
            ('panos_worker',   'attempts',           'INSERT, UPDATE'),
            ('panos_worker',   'job_images',         'INSERT, UPDATE, DELETE'),
            ('panos_worker',   'outbox',             'INSERT, UPDATE, DELETE'),
            ('panos_worker',   'fleet',              'UPDATE'),         -- holds itself after refused log-ins
            ('panos_worker',   'hash_observations',  'INSERT, UPDATE'),
            ('panos_worker',   'mismatches',         'INSERT, UPDATE'),
            ('panos_worker',   'workers',            'INSERT, UPDATE, DELETE'),
            ('panos_worker',   'pauses',             'DELETE'),         -- of workers that are gone
            ('panos_worker',   'dead_letters',       'INSERT'),
            ('panos_worker',   'audit',              'INSERT'),
            ('panos_worker',   'audit_heads',        'UPDATE'),
            ('panos_worker',   'audit_anchors',      'INSERT'),
            ('panos_worker',   'audit_anchor_heads', 'INSERT'),
            ('panos_operator', 'devices',            'INSERT, UPDATE'),
            ('panos_operator', 'jobs',               'INSERT'),
            ('panos_operator', 'catalogue',          'INSERT, DELETE'),
            ('panos_operator', 'pauses',             'INSERT'),
            ('panos_operator', 'dead_letters',       'DELETE'),
            ('panos_operator', 'audit_heads',        'INSERT'),
            ('panos_dashboard', 'devices',           'UPDATE (last_seen_at)'), -- what it takes to hold a row still
            ('panos_dashboard', 'jobs',              'INSERT, UPDATE'),
            ('panos_dashboard', 'outbox',            'INSERT, UPDATE, DELETE'), -- its relay sends what it queued
            ('panos_dashboard', 'requests',          'INSERT, UPDATE, DELETE'), -- what it was asked, and answered
            ('panos_dashboard', 'dead_letters',      'INSERT'),         -- commands that cannot be read
            ('panos_dashboard', 'audit',             'INSERT'),
            ('panos_dashboard', 'audit_heads',       'INSERT, UPDATE')
        ) AS needed (role, tab, privileges)
        WHERE to_regclass('public.' || tab) IS NOT NULL
    LOOP
        EXECUTE format('GRANT %s ON public.%I TO %I', part.privileges, part.tab, part.role);
    END LOOP;
END $$;

COMMIT;
