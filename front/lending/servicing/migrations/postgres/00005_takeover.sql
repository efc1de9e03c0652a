-- +goose Up
-- What somebody got, or paid, when a loan was taken over by who paid for the borrower.
CREATE TABLE lending_takeover (
    tenant   bytea NOT NULL,
    ledger   text COLLATE "C" NOT NULL,
    account  text COLLATE "C" NOT NULL,
    loan     bytea NOT NULL CHECK (length(loan) = 16),
    number   bigint NOT NULL, -- of the event
    date     bigint NOT NULL,
    sequence bigint NOT NULL,
    units    bigint NOT NULL, -- that came; below 0: that went
    money    bigint NOT NULL, -- that he got; below 0: that he paid
    PRIMARY KEY (tenant, ledger, account, loan, number)
);
