-- +goose Up
-- What was agreed, once and for all.
CREATE TABLE lending_deed (
    tenant BLOB NOT NULL CHECK (length(tenant) = 16),
    loan   BLOB NOT NULL CHECK (length(loan) = 16),
    body   TEXT NOT NULL,
    PRIMARY KEY (tenant, loan)
) STRICT, WITHOUT ROWID;

-- A loan as its events left it. Nothing here changes with time alone.
CREATE TABLE lending_loan (
    tenant    BLOB    NOT NULL,
    id        BLOB    NOT NULL CHECK (length(id) = 16),
    version   INTEGER NOT NULL, -- number of events
    state     TEXT    NOT NULL,
    borrower  BLOB    NOT NULL,
    product   TEXT    NOT NULL,
    days      TEXT    NOT NULL, -- calendar and rule
    oldest    INTEGER,          -- oldest date on which something was agreed to be paid and is not, before holidays moved it
    principal INTEGER NOT NULL, -- not repaid
    credit    INTEGER NOT NULL, -- on the credit account
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lending_loan_oldest ON lending_loan (tenant, oldest, id) WHERE oldest IS NOT NULL;
CREATE INDEX lending_loan_borrower ON lending_loan (tenant, borrower, id);

CREATE TABLE lending_event (
    tenant  BLOB    NOT NULL,
    loan    BLOB    NOT NULL CHECK (length(loan) = 16),
    number  INTEGER NOT NULL,
    id      BLOB    NOT NULL CHECK (length(id) = 16),
    kind    TEXT    NOT NULL,
    date    INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    outcome TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (tenant, loan, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX lending_event_id ON lending_event (tenant, id);
CREATE INDEX lending_event_suspected ON lending_event (tenant, at, id) WHERE outcome = 'suspected';

-- Acts whose commands may or may not have reached the ledger: one a loan.
CREATE TABLE lending_pending (
    tenant   BLOB    NOT NULL,
    loan     BLOB    NOT NULL CHECK (length(loan) = 16),
    id       BLOB    NOT NULL CHECK (length(id) = 16),
    event    TEXT    NOT NULL,
    commands BLOB    NOT NULL,
    PRIMARY KEY (tenant, loan)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX lending_pending_id ON lending_pending (tenant, id);

-- +goose StatementBegin
CREATE TRIGGER lending_event_keeps BEFORE UPDATE ON lending_event BEGIN
    SELECT raise(ABORT, 'events are append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER lending_event_stays BEFORE DELETE ON lending_event BEGIN
    SELECT raise(ABORT, 'events are append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER lending_deed_keeps BEFORE UPDATE ON lending_deed BEGIN
    SELECT raise(ABORT, 'deeds never change');
END;
-- +goose StatementEnd
