-- +goose Up
-- The trades of a loan, for whoever counts their fees.
CREATE INDEX sale_trade_loan ON sale_trade (tenant, loan, sequence);
