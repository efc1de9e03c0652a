-- +goose Up
-- What was agreed, once and for all.
CREATE TABLE lending_deed (
    tenant bytea NOT NULL CHECK (length(tenant) = 16),
    loan   bytea NOT NULL CHECK (length(loan) = 16),
    body   text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, loan)
);

-- A loan as its events left it. Nothing here changes with time alone.
CREATE TABLE lending_loan (
    tenant    bytea    NOT NULL,
    id        bytea    NOT NULL CHECK (length(id) = 16),
    version   bigint NOT NULL, -- number of events
    state     text COLLATE "C"    NOT NULL,
    borrower  bytea    NOT NULL,
    product   text COLLATE "C"    NOT NULL,
    days      text COLLATE "C"    NOT NULL, -- calendar and rule
    oldest    bigint,          -- oldest date on which something was agreed to be paid and is not, before holidays moved it
    principal bigint NOT NULL, -- not repaid
    credit    bigint NOT NULL, -- on the credit account
    PRIMARY KEY (tenant, id)
);
CREATE INDEX lending_loan_oldest ON lending_loan (tenant, oldest, id) WHERE oldest IS NOT NULL;
CREATE INDEX lending_loan_borrower ON lending_loan (tenant, borrower, id);

CREATE TABLE lending_event (
    tenant  bytea    NOT NULL,
    loan    bytea    NOT NULL CHECK (length(loan) = 16),
    number  bigint NOT NULL,
    id      bytea    NOT NULL CHECK (length(id) = 16),
    kind    text COLLATE "C"    NOT NULL,
    date    bigint NOT NULL,
    at      bigint NOT NULL,
    outcome text COLLATE "C"    NOT NULL,
    body    text COLLATE "C"    NOT NULL,
    PRIMARY KEY (tenant, loan, number)
);
CREATE UNIQUE INDEX lending_event_id ON lending_event (tenant, id);
CREATE INDEX lending_event_suspected ON lending_event (tenant, at, id) WHERE outcome = 'suspected';

-- Acts whose commands may or may not have reached the ledger: one a loan.
CREATE TABLE lending_pending (
    tenant   bytea    NOT NULL,
    loan     bytea    NOT NULL CHECK (length(loan) = 16),
    id       bytea    NOT NULL CHECK (length(id) = 16),
    event    text COLLATE "C"    NOT NULL,
    commands bytea    NOT NULL,
    PRIMARY KEY (tenant, loan)
);
CREATE UNIQUE INDEX lending_pending_id ON lending_pending (tenant, id);

-- +goose StatementBegin
CREATE FUNCTION lending_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events and deeds are append-only';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER lending_event_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON lending_event
    FOR EACH STATEMENT EXECUTE FUNCTION lending_keeps();
CREATE TRIGGER lending_deed_keeps BEFORE UPDATE ON lending_deed
    FOR EACH STATEMENT EXECUTE FUNCTION lending_keeps();
