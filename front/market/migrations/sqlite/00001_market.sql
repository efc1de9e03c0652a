-- +goose Up
CREATE TABLE market_listing (
    tenant   BLOB    NOT NULL CHECK (length(tenant) = 16),
    id       BLOB    NOT NULL CHECK (length(id) = 16),
    ledger   TEXT    NOT NULL,
    loan     BLOB    NOT NULL CHECK (length(loan) = 16),
    borrower BLOB    NOT NULL CHECK (length(borrower) = 16),
    terms    TEXT    NOT NULL, -- JSON of what never changes
    opened   INTEGER NOT NULL, -- microseconds since 1970, by the ledger's clock, as are all instants here
    closes   INTEGER NOT NULL,
    partial  INTEGER NOT NULL, -- least units with which it is funded at the end, 0: all
    state    TEXT    NOT NULL,
    sold     INTEGER NOT NULL, -- units
    attempts INTEGER NOT NULL, -- at settling it, that were refused
    raised   INTEGER NOT NULL, -- minor units, once it is funded
    sequence INTEGER NOT NULL, -- of the last command that changed it
    changed  INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX market_listing_state ON market_listing (tenant, state, id);
CREATE INDEX market_listing_loan ON market_listing (tenant, loan, id);

CREATE TABLE market_bid (
    tenant   BLOB    NOT NULL CHECK (length(tenant) = 16),
    id       BLOB    NOT NULL CHECK (length(id) = 16), -- of the command
    listing  BLOB    NOT NULL,
    investor BLOB    NOT NULL,
    mandate  BLOB    NOT NULL, -- empty: by the investor himself
    units    INTEGER NOT NULL,
    amount   INTEGER NOT NULL,
    sequence INTEGER NOT NULL, -- first come, first served: the order of bids
    at       INTEGER NOT NULL,
    ended    INTEGER NOT NULL, -- sequence of its cancel, 0 while it stands
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX market_bid_listing ON market_bid (tenant, listing, sequence);
CREATE INDEX market_bid_investor ON market_bid (tenant, investor, sequence);
