-- +goose Up
-- Versions of products. A row is made by an approved proposal and never changed.
CREATE TABLE catalog_product (
    tenant    BLOB    NOT NULL CHECK (length(tenant) = 16),
    code      TEXT    NOT NULL,
    number    INTEGER NOT NULL CHECK (number > 0), -- 1, 2, 3… of a product
    effective INTEGER NOT NULL, -- days since 1970-01-01: in force from this day on
    content   BLOB    NOT NULL, -- JSON of the product, in full
    hash      BLOB    NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the content
    proposal  BLOB    NOT NULL CHECK (length(proposal) = 16),
    proposer  BLOB    NOT NULL,
    approver  BLOB    NOT NULL,
    approved  INTEGER NOT NULL, -- microseconds since 1970
    PRIMARY KEY (tenant, code, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX catalog_product_proposal ON catalog_product (tenant, proposal);
