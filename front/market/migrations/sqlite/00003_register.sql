-- +goose Up
ALTER TABLE market_listing ADD COLUMN register TEXT NOT NULL DEFAULT '';
UPDATE market_listing SET register = json_extract(terms, '$.register');
CREATE INDEX market_listing_register ON market_listing (tenant, ledger, register);
