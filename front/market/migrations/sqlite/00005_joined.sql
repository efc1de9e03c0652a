-- +goose Up
ALTER TABLE market_mandate ADD COLUMN joined INTEGER NOT NULL DEFAULT 0; -- sequence at which it joined the line
UPDATE market_mandate SET joined = turn; -- not before it, of those that have bid
