-- +goose Up
-- What somebody got, or paid, when a loan was taken over by who paid for the borrower.
CREATE TABLE lending_takeover (
    tenant   BLOB NOT NULL,
    ledger   TEXT NOT NULL,
    account  TEXT NOT NULL,
    loan     BLOB NOT NULL CHECK (length(loan) = 16),
    number   INTEGER NOT NULL, -- of the event
    date     INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    units    INTEGER NOT NULL, -- that came; below 0: that went
    money    INTEGER NOT NULL, -- that he got; below 0: that he paid
    PRIMARY KEY (tenant, ledger, account, loan, number)
) STRICT, WITHOUT ROWID;
