-- The heads that an anchor found moved since the anchor before it. The newest row of a chain is its last anchored head.

CREATE TABLE audit_anchor_heads (
    chain  TEXT NOT NULL,
    anchor INTEGER NOT NULL REFERENCES audit_anchors (id),
    seq    INTEGER NOT NULL CHECK (seq >= 0),
    hash   BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (chain, anchor)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_anchor_heads_refuse_update BEFORE UPDATE ON audit_anchor_heads
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only: UPDATE on audit_anchor_heads is refused'); END;
CREATE TRIGGER audit_anchor_heads_refuse_delete BEFORE DELETE ON audit_anchor_heads
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only: DELETE on audit_anchor_heads is refused'); END;

-- INSERT OR REPLACE deletes the row in its way without asking the trigger against DELETE (sqlite.org/lang_conflict.html:
-- only with recursive triggers). NEW.rowid is -1 where none was given, which no row of ours has (any number, says
-- sqlite.org/lang_createtrigger.html; -1, says insert.c).
CREATE TRIGGER audit_refuses_replace BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE chain = NEW.chain AND seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM audit WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only: REPLACE on audit is refused'); END;
CREATE TRIGGER audit_anchors_refuse_replace BEFORE INSERT ON audit_anchors
WHEN EXISTS (SELECT 1 FROM audit_anchors WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only: REPLACE on audit_anchors is refused'); END;
CREATE TRIGGER audit_anchor_heads_refuse_replace BEFORE INSERT ON audit_anchor_heads
WHEN EXISTS (SELECT 1 FROM audit_anchor_heads WHERE chain = NEW.chain AND anchor = NEW.anchor)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only: REPLACE on audit_anchor_heads is refused'); END;
