-- +goose Up
ALTER TABLE market_listing ADD COLUMN register text NOT NULL DEFAULT '';
UPDATE market_listing SET register = terms::json ->> 'register';
CREATE INDEX market_listing_register ON market_listing (tenant, ledger, register);
