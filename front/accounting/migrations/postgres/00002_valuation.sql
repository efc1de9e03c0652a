-- +goose Up
CREATE TABLE accounting_valuation (
    tenant   bytea NOT NULL CHECK (length(tenant) = 16),
    ledger   text NOT NULL,
    number   bigint NOT NULL, -- 1, 2, 3 of the ledger
    id       bytea NOT NULL CHECK (length(id) = 16),
    day      bigint NOT NULL,
    asset    text NOT NULL,
    chart    bigint NOT NULL, -- first day of the chart
    actor    bytea NOT NULL,
    at       bigint NOT NULL, -- microseconds since 1970
    figures  text NOT NULL, -- JSON
    outcome  text NOT NULL, -- '' while it is under way
    sequence bigint NOT NULL, -- of the command, 0 if there was nothing to book
    PRIMARY KEY (tenant, ledger, number)
);
CREATE UNIQUE INDEX accounting_valuation_id ON accounting_valuation (tenant, id);
CREATE UNIQUE INDEX accounting_valuation_under_way ON accounting_valuation (tenant, ledger) WHERE outcome = '';

-- What a valuation's figures came from.
CREATE TABLE accounting_line (
    tenant    bytea NOT NULL,
    valuation bytea NOT NULL CHECK (length(valuation) = 16),
    bucket    text COLLATE "C" NOT NULL,
    claim     bytea NOT NULL CHECK (length(claim) = 16),
    interest  bigint NOT NULL,
    fees      bigint NOT NULL,
    received  bigint NOT NULL,
    exposed   bigint NOT NULL,
    PRIMARY KEY (tenant, valuation, bucket, claim)
);
