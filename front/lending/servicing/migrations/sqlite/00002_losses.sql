-- +goose Up
-- Loans that wait for the money of who has to pay in the borrower's place.
CREATE TABLE lending_waiting (
    tenant  BLOB NOT NULL,
    ledger  TEXT NOT NULL,
    account TEXT NOT NULL,
    loan    BLOB NOT NULL CHECK (length(loan) = 16),
    PRIMARY KEY (tenant, ledger, account, loan)
) STRICT, WITHOUT ROWID;

-- How a payer's money was divided among them.
CREATE TABLE lending_service (
    tenant BLOB NOT NULL,
    id     BLOB NOT NULL CHECK (length(id) = 16),
    body   TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
