-- +goose Up
-- What is known of a claim that was bought; who funded the loan himself has none.
CREATE TABLE sale_claim (
    tenant   bytea   NOT NULL CHECK (length(tenant) = 16),
    loan     bytea   NOT NULL CHECK (length(loan) = 16),
    investor bytea   NOT NULL CHECK (length(investor) = 16),
    since    bigint  NOT NULL, -- day on which the newest of its units came, days since 1970
    times    bigint  NOT NULL, -- how often its units were sold, at most
    PRIMARY KEY (tenant, loan, investor)
);
