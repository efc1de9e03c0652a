-- +goose Up
CREATE TABLE ops_proposal (
    tenant   bytea    NOT NULL CHECK (length(tenant) = 16),
    id       bytea    NOT NULL CHECK (length(id) = 16),
    action   text    NOT NULL,
    subject  bytea    NOT NULL CHECK (length(subject) = 16),
    version  bigint NOT NULL, -- of the subject, as the proposer saw it
    asset    text    NOT NULL, -- of the amount, '' for none
    amount   bigint NOT NULL, -- minor units that are at stake
    was      bytea    NOT NULL, -- JSON of the subject
    becomes  bytea    NOT NULL,
    reason   text    NOT NULL,
    proposer bytea    NOT NULL,
    person   bytea    NOT NULL, -- behind the proposer
    proposed bigint NOT NULL, -- microseconds since 1970
    expires  bigint NOT NULL,
    state    bigint NOT NULL, -- 1 open, 2 approved, 3 refused, 4 withdrawn
    decider  bytea,
    decided  bigint,
    why      text    NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX ops_proposal_list ON ops_proposal (tenant, state, id);
CREATE INDEX ops_proposal_subject ON ops_proposal (tenant, subject, id);
