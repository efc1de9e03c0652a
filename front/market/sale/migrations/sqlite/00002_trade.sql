-- +goose Up
-- Claims that changed hands.
CREATE TABLE sale_trade (
    tenant   BLOB    NOT NULL CHECK (length(tenant) = 16),
    sale     BLOB    NOT NULL CHECK (length(sale) = 16), -- the order
    loan     BLOB    NOT NULL CHECK (length(loan) = 16),
    ledger   TEXT    NOT NULL,
    seller   BLOB    NOT NULL CHECK (length(seller) = 16),
    buyer    BLOB    NOT NULL CHECK (length(buyer) = 16),
    units    INTEGER NOT NULL,
    face     INTEGER NOT NULL, -- minor units: the part of the principal
    accrued  INTEGER NOT NULL, -- the part of the interest, in the price
    price    INTEGER NOT NULL,
    receives INTEGER NOT NULL, -- the seller
    pays     INTEGER NOT NULL, -- the buyer
    date     INTEGER NOT NULL, -- days since 1970, in the ledger's zone
    sequence INTEGER NOT NULL,
    PRIMARY KEY (tenant, sale)
) STRICT, WITHOUT ROWID;
CREATE INDEX sale_trade_seller ON sale_trade (tenant, ledger, seller, sequence);
CREATE INDEX sale_trade_buyer ON sale_trade (tenant, ledger, buyer, sequence);
