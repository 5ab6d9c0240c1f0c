-- One append-only hash chain per device. hash = sha256(prev || int8send(seq) || body).

CREATE TABLE audit_heads (
    chain text COLLATE "C" PRIMARY KEY,
    seq   bigint NOT NULL CHECK (seq >= 0),
    hash  bytea NOT NULL CHECK (length(hash) = 32)
) WITH (fillfactor = 80); -- room for the next version of a row beside it

CREATE TABLE audit (
    chain  text COLLATE "C" NOT NULL REFERENCES audit_heads (chain),
    seq    bigint NOT NULL CHECK (seq > 0),
    at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    job_id bigint,                      -- for searching; the body is what is proven
    body   bytea NOT NULL,              -- canonical JSON
    prev   bytea NOT NULL CHECK (length(prev) = 32),
    hash   bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (chain, seq)
);

CREATE INDEX audit_of_job ON audit (job_id) WHERE job_id IS NOT NULL;

-- All heads together, so that cutting the tail off one chain shows.
CREATE TABLE audit_anchors (
    id       bigint PRIMARY KEY CHECK (id > 0),
    at       timestamptz NOT NULL DEFAULT now(),
    n_chains bigint NOT NULL,
    n_entries bigint NOT NULL,
    heads    bytea NOT NULL CHECK (length(heads) = 32), -- over the length-prefixed (chain, seq, hash) list
    prev     bytea NOT NULL CHECK (length(prev) = 32),
    hash     bytea NOT NULL CHECK (length(hash) = 32)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: % on % is refused', TG_OP, TG_TABLE_NAME;
END $$;

CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_anchors_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_anchors
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_heads_stay BEFORE DELETE OR TRUNCATE ON audit_heads
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
