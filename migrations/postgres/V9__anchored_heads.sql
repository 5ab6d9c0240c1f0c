-- The heads that an anchor found moved since the anchor before it. The newest row of a chain is its last anchored head.

CREATE TABLE audit_anchor_heads (
    chain  text COLLATE "C" NOT NULL,   -- no reference to audit_heads: its check would wait for those who append
    anchor bigint NOT NULL REFERENCES audit_anchors (id),
    seq    bigint NOT NULL CHECK (seq >= 0),
    hash   bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (chain, anchor)
);

CREATE TRIGGER audit_anchor_heads_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_anchor_heads
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
