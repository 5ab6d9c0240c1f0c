-- One append-only hash chain per device. hash = sha256(prev || seq as 8 bytes || body), computed in Rust.

CREATE TABLE audit_heads (
    chain TEXT NOT NULL PRIMARY KEY,
    seq   INTEGER NOT NULL CHECK (seq >= 0),
    hash  BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE audit (
    chain  TEXT NOT NULL REFERENCES audit_heads (chain),
    seq    INTEGER NOT NULL CHECK (seq > 0),
    at     INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    job_id INTEGER,                     -- for searching; the body is what is proven
    body   BLOB NOT NULL,               -- canonical JSON
    prev   BLOB NOT NULL CHECK (length(prev) = 32),
    hash   BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (chain, seq)
) STRICT;

CREATE INDEX audit_of_job ON audit (job_id) WHERE job_id IS NOT NULL;

-- All heads together, so that cutting the tail off one chain shows.
CREATE TABLE audit_anchors (
    id        INTEGER PRIMARY KEY CHECK (id > 0),
    at        INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)),
    n_chains  INTEGER NOT NULL,
    n_entries INTEGER NOT NULL,
    heads     BLOB NOT NULL CHECK (length(heads) = 32), -- over the length-prefixed (chain, seq, hash) list
    prev      BLOB NOT NULL CHECK (length(prev) = 32),
    hash      BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only: UPDATE on audit is refused'); END;
CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only: DELETE on audit is refused'); END;
CREATE TRIGGER audit_anchors_refuse_update BEFORE UPDATE ON audit_anchors
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only: UPDATE on audit_anchors is refused'); END;
CREATE TRIGGER audit_anchors_refuse_delete BEFORE DELETE ON audit_anchors
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only: DELETE on audit_anchors is refused'); END;
CREATE TRIGGER audit_heads_refuse_delete BEFORE DELETE ON audit_heads
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only: DELETE on audit_heads is refused'); END;
