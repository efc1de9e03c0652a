-- +goose Up
-- Notes of claims that were sold on.
CREATE TABLE paper_note (
    tenant   BLOB    NOT NULL CHECK (length(tenant) = 16),
    sale     BLOB    NOT NULL CHECK (length(sale) = 16),
    loan     BLOB    NOT NULL CHECK (length(loan) = 16),
    seller   BLOB    NOT NULL,
    buyer    BLOB    NOT NULL,
    borrower BLOB    NOT NULL,
    sequence INTEGER NOT NULL, -- of the purchase in the ledger
    language TEXT    NOT NULL,
    digest   BLOB    NOT NULL CHECK (length(digest) = 32), -- of its text
    hash     BLOB    NOT NULL CHECK (length(hash) = 32),   -- of its file
    pages    INTEGER NOT NULL,
    size     INTEGER NOT NULL, -- bytes
    made     INTEGER NOT NULL, -- microseconds since 1970, by the ledger's clock
    data     TEXT    NOT NULL, -- from which it was made
    PRIMARY KEY (tenant, sale)
) STRICT, WITHOUT ROWID;
CREATE INDEX paper_note_loan ON paper_note (tenant, loan, sequence);

-- +goose StatementBegin
CREATE TRIGGER paper_note_keeps BEFORE UPDATE ON paper_note BEGIN
    SELECT raise(ABORT, 'papers never change');
END;
-- +goose StatementEnd
