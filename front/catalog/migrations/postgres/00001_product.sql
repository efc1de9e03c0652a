-- +goose Up
-- Versions of products. A row is made by an approved proposal and never changed.
CREATE TABLE catalog_product (
    tenant    bytea  NOT NULL CHECK (length(tenant) = 16),
    code      text   COLLATE "C" NOT NULL,
    number    bigint NOT NULL CHECK (number > 0), -- 1, 2, 3… of a product
    effective bigint NOT NULL, -- days since 1970-01-01: in force from this day on
    content   bytea  NOT NULL, -- JSON of the product, in full
    hash      bytea  NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the content
    proposal  bytea  NOT NULL CHECK (length(proposal) = 16),
    proposer  bytea  NOT NULL,
    approver  bytea  NOT NULL,
    approved  bigint NOT NULL, -- microseconds since 1970
    PRIMARY KEY (tenant, code, number)
);
CREATE UNIQUE INDEX catalog_product_proposal ON catalog_product (tenant, proposal);
