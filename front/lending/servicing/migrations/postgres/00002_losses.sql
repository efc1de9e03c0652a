-- +goose Up
-- Loans that wait for the money of who has to pay in the borrower's place.
CREATE TABLE lending_waiting (
    tenant  bytea NOT NULL,
    ledger  text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL,
    loan    bytea NOT NULL CHECK (length(loan) = 16),
    PRIMARY KEY (tenant, ledger, account, loan)
);

-- How a payer's money was divided among them.
CREATE TABLE lending_service (
    tenant bytea NOT NULL,
    id     bytea NOT NULL CHECK (length(id) = 16),
    body   text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, id)
);
