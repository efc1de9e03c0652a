-- +goose Up
CREATE TABLE ops_proposal (
    tenant   BLOB    NOT NULL CHECK (length(tenant) = 16),
    id       BLOB    NOT NULL CHECK (length(id) = 16),
    action   TEXT    NOT NULL,
    subject  BLOB    NOT NULL CHECK (length(subject) = 16),
    version  INTEGER NOT NULL, -- of the subject, as the proposer saw it
    asset    TEXT    NOT NULL, -- of the amount, '' for none
    amount   INTEGER NOT NULL, -- minor units that are at stake
    was      BLOB    NOT NULL, -- JSON of the subject
    becomes  BLOB    NOT NULL,
    reason   TEXT    NOT NULL,
    proposer BLOB    NOT NULL,
    person   BLOB    NOT NULL, -- behind the proposer
    proposed INTEGER NOT NULL, -- microseconds since 1970
    expires  INTEGER NOT NULL,
    state    INTEGER NOT NULL, -- 1 open, 2 approved, 3 refused, 4 withdrawn
    decider  BLOB,
    decided  INTEGER,
    why      TEXT    NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ops_proposal_list ON ops_proposal (tenant, state, id);
CREATE INDEX ops_proposal_subject ON ops_proposal (tenant, subject, id);
