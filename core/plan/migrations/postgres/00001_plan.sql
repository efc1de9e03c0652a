-- +goose Up
CREATE TABLE plan_event (
    tenant   bytea   NOT NULL CHECK (length(tenant) = 16),
    id       bytea   NOT NULL CHECK (length(id) = 16),
    ledger   text    NOT NULL,
    due      bigint  NOT NULL, -- microseconds since 1970, by the ledger's clock
    kind     text    NOT NULL,
    subject  bytea   NOT NULL CHECK (length(subject) = 16),
    content  bytea   NOT NULL,
    state    integer NOT NULL, -- 1 waiting, 2 done, 3 stuck, 4 cancelled
    attempts integer NOT NULL,
    again    bigint  NOT NULL, -- not before this instant of the machine's clock, microseconds
    problem  text    NOT NULL, -- of the last attempt
    changed  bigint  NOT NULL, -- microseconds since 1970, by the machine's clock
    PRIMARY KEY (tenant, id)
);

-- What is open, in the order in which it falls due.
CREATE INDEX plan_event_open ON plan_event (ledger, due, id) WHERE state IN (1, 3);
CREATE INDEX plan_event_list ON plan_event (tenant, state, due, id);

-- The lead under which events are worked on.
CREATE TABLE plan_lead (
    one   integer PRIMARY KEY CHECK (one = 1),
    epoch bigint NOT NULL
);
INSERT INTO plan_lead (one, epoch) VALUES (1, 0);
