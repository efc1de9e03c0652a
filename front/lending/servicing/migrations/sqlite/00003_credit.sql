-- +goose Up
-- Loans that have credit, which pays what falls due.
CREATE INDEX lending_loan_credit ON lending_loan (tenant, id) WHERE credit > 0;
