-- +goose Up
CREATE TABLE market_mandate (
    tenant   bytea   NOT NULL CHECK (length(tenant) = 16),
    id       bytea   NOT NULL CHECK (length(id) = 16),
    ledger   text    NOT NULL,
    investor bytea   NOT NULL CHECK (length(investor) = 16),
    terms    text    NOT NULL, -- JSON of what the investor wants
    amount   bigint  NOT NULL, -- to be invested in all
    used     bigint  NOT NULL, -- in bids that stand or were funded
    turn     bigint  NOT NULL, -- place in the line: the sequence at which it joined it
    active   bigint  NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX market_mandate_line ON market_mandate (tenant, ledger, active, turn, id);
CREATE INDEX market_mandate_investor ON market_mandate (tenant, investor, id);
