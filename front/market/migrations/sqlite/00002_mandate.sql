-- +goose Up
CREATE TABLE market_mandate (
    tenant   BLOB    NOT NULL CHECK (length(tenant) = 16),
    id       BLOB    NOT NULL CHECK (length(id) = 16),
    ledger   TEXT    NOT NULL,
    investor BLOB    NOT NULL CHECK (length(investor) = 16),
    terms    TEXT    NOT NULL, -- JSON of what the investor wants
    amount   INTEGER NOT NULL, -- to be invested in all
    used     INTEGER NOT NULL, -- in bids that stand or were funded
    turn     INTEGER NOT NULL, -- place in the line: the sequence at which it joined it
    active   INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX market_mandate_line ON market_mandate (tenant, ledger, active, turn, id);
CREATE INDEX market_mandate_investor ON market_mandate (tenant, investor, id);
