-- +goose Up
-- Claims that changed hands.
CREATE TABLE sale_trade (
    tenant   bytea   NOT NULL CHECK (length(tenant) = 16),
    sale     bytea   NOT NULL CHECK (length(sale) = 16), -- the order
    loan     bytea   NOT NULL CHECK (length(loan) = 16),
    ledger   text    NOT NULL,
    seller   bytea   NOT NULL CHECK (length(seller) = 16),
    buyer    bytea   NOT NULL CHECK (length(buyer) = 16),
    units    bigint  NOT NULL,
    face     bigint  NOT NULL, -- minor units: the part of the principal
    accrued  bigint  NOT NULL, -- the part of the interest, in the price
    price    bigint  NOT NULL,
    receives bigint  NOT NULL, -- the seller
    pays     bigint  NOT NULL, -- the buyer
    date     bigint  NOT NULL, -- days since 1970, in the ledger's zone
    sequence bigint  NOT NULL,
    PRIMARY KEY (tenant, sale)
);
CREATE INDEX sale_trade_seller ON sale_trade (tenant, ledger, seller, sequence);
CREATE INDEX sale_trade_buyer ON sale_trade (tenant, ledger, buyer, sequence);
