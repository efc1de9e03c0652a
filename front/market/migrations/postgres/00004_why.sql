-- +goose Up
ALTER TABLE market_bid ADD COLUMN bound bigint NOT NULL DEFAULT 0; -- that decided its size, if a mandate made it; 0: not known
CREATE INDEX market_bid_mandate ON market_bid (tenant, mandate, sequence) WHERE length(mandate) > 0;

-- Why a mandate took nothing of a listing, as the last run had it that kept an answer.
CREATE TABLE market_miss (
    tenant   bytea NOT NULL CHECK (length(tenant) = 16),
    mandate  bytea NOT NULL CHECK (length(mandate) = 16),
    listing  bytea NOT NULL CHECK (length(listing) = 16),
    ledger   text NOT NULL,
    reason   bigint NOT NULL,
    bound    bigint NOT NULL, -- of what was too small, 0 otherwise
    room     bigint NOT NULL, -- minor units
    sequence bigint NOT NULL, -- at which the ledger was when the run looked at it
    at       bigint NOT NULL, -- microseconds since 1970, by the ledger's clock
    PRIMARY KEY (tenant, mandate, listing)
);
CREATE INDEX market_miss_age ON market_miss (tenant, ledger, sequence);
