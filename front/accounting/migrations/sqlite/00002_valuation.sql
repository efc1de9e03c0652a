-- +goose Up
CREATE TABLE accounting_valuation (
    tenant   BLOB NOT NULL CHECK (length(tenant) = 16),
    ledger   TEXT NOT NULL,
    number   INTEGER NOT NULL, -- 1, 2, 3 of the ledger
    id       BLOB NOT NULL CHECK (length(id) = 16),
    day      INTEGER NOT NULL,
    asset    TEXT NOT NULL,
    chart    INTEGER NOT NULL, -- first day of the chart
    actor    BLOB NOT NULL,
    at       INTEGER NOT NULL, -- microseconds since 1970
    figures  TEXT NOT NULL, -- JSON
    outcome  TEXT NOT NULL, -- '' while it is under way
    sequence INTEGER NOT NULL, -- of the command, 0 if there was nothing to book
    PRIMARY KEY (tenant, ledger, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX accounting_valuation_id ON accounting_valuation (tenant, id);
CREATE UNIQUE INDEX accounting_valuation_under_way ON accounting_valuation (tenant, ledger) WHERE outcome = '';

-- What a valuation's figures came from.
CREATE TABLE accounting_line (
    tenant    BLOB NOT NULL,
    valuation BLOB NOT NULL CHECK (length(valuation) = 16),
    bucket    TEXT NOT NULL,
    claim     BLOB NOT NULL CHECK (length(claim) = 16),
    interest  INTEGER NOT NULL,
    fees      INTEGER NOT NULL,
    received  INTEGER NOT NULL,
    exposed   INTEGER NOT NULL,
    PRIMARY KEY (tenant, valuation, bucket, claim)
) STRICT, WITHOUT ROWID;
