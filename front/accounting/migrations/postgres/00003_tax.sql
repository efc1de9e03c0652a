-- +goose Up
-- What the fees of a line contain of tax; NULL in lines from before, when tax was worked out for the sum.
ALTER TABLE accounting_line ADD COLUMN fees_tax bigint;
ALTER TABLE accounting_line ADD COLUMN received_tax bigint;
