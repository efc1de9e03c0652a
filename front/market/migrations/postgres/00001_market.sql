-- +goose Up
CREATE TABLE market_listing (
    tenant   bytea   NOT NULL CHECK (length(tenant) = 16),
    id       bytea   NOT NULL CHECK (length(id) = 16),
    ledger   text    NOT NULL,
    loan     bytea   NOT NULL CHECK (length(loan) = 16),
    borrower bytea   NOT NULL CHECK (length(borrower) = 16),
    terms    text    NOT NULL, -- JSON of what never changes
    opened   bigint  NOT NULL, -- microseconds since 1970, by the ledger's clock, as are all instants here
    closes   bigint  NOT NULL,
    partial  bigint  NOT NULL, -- least units with which it is funded at the end, 0: all
    state    text    NOT NULL,
    sold     bigint  NOT NULL, -- units
    attempts bigint  NOT NULL, -- at settling it, that were refused
    raised   bigint  NOT NULL, -- minor units, once it is funded
    sequence bigint  NOT NULL, -- of the last command that changed it
    changed  bigint  NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX market_listing_state ON market_listing (tenant, state, id);
CREATE INDEX market_listing_loan ON market_listing (tenant, loan, id);

CREATE TABLE market_bid (
    tenant   bytea   NOT NULL CHECK (length(tenant) = 16),
    id       bytea   NOT NULL CHECK (length(id) = 16), -- of the command
    listing  bytea   NOT NULL,
    investor bytea   NOT NULL,
    mandate  bytea   NOT NULL, -- empty: by the investor himself
    units    bigint  NOT NULL,
    amount   bigint  NOT NULL,
    sequence bigint  NOT NULL, -- first come, first served: the order of bids
    at       bigint  NOT NULL,
    ended    bigint  NOT NULL, -- sequence of its cancel, 0 while it stands
    PRIMARY KEY (tenant, id)
);
CREATE INDEX market_bid_listing ON market_bid (tenant, listing, sequence);
CREATE INDEX market_bid_investor ON market_bid (tenant, investor, sequence);
