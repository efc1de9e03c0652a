-- +goose Up
CREATE TABLE plan_event (
    tenant   BLOB    NOT NULL CHECK (length(tenant) = 16),
    id       BLOB    NOT NULL CHECK (length(id) = 16),
    ledger   TEXT    NOT NULL,
    due      INTEGER NOT NULL, -- microseconds since 1970, by the ledger's clock
    kind     TEXT    NOT NULL,
    subject  BLOB    NOT NULL CHECK (length(subject) = 16),
    content  BLOB    NOT NULL,
    state    INTEGER NOT NULL, -- 1 waiting, 2 done, 3 stuck, 4 cancelled
    attempts INTEGER NOT NULL,
    again    INTEGER NOT NULL, -- not before this instant of the machine's clock, microseconds
    problem  TEXT    NOT NULL, -- of the last attempt
    changed  INTEGER NOT NULL, -- microseconds since 1970, by the machine's clock
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- What is open, in the order in which it falls due.
CREATE INDEX plan_event_open ON plan_event (ledger, due, id) WHERE state IN (1, 3);
CREATE INDEX plan_event_list ON plan_event (tenant, state, due, id);

-- The lead under which events are worked on.
CREATE TABLE plan_lead (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    epoch INTEGER NOT NULL
) STRICT;
INSERT INTO plan_lead (one, epoch) VALUES (1, 0);
