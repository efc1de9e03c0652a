-- +goose Up
-- Notes of claims that were sold on.
CREATE TABLE paper_note (
    tenant   bytea   NOT NULL CHECK (length(tenant) = 16),
    sale     bytea   NOT NULL CHECK (length(sale) = 16),
    loan     bytea   NOT NULL CHECK (length(loan) = 16),
    seller   bytea   NOT NULL,
    buyer    bytea   NOT NULL,
    borrower bytea   NOT NULL,
    sequence bigint  NOT NULL, -- of the purchase in the ledger
    language text    NOT NULL,
    digest   bytea   NOT NULL CHECK (length(digest) = 32), -- of its text
    hash     bytea   NOT NULL CHECK (length(hash) = 32),   -- of its file
    pages    integer NOT NULL,
    size     bigint  NOT NULL, -- bytes
    made     bigint  NOT NULL, -- microseconds since 1970, by the ledger's clock
    data     text    NOT NULL, -- from which it was made
    PRIMARY KEY (tenant, sale)
);
CREATE INDEX paper_note_loan ON paper_note (tenant, loan, sequence);

CREATE TRIGGER paper_note_keeps BEFORE UPDATE ON paper_note
    FOR EACH STATEMENT EXECUTE FUNCTION paper_keeps();
