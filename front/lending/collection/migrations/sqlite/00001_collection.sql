-- +goose Up
-- What was done about loans that are late.
CREATE TABLE collection_entry (
    tenant BLOB    NOT NULL,
    loan   BLOB    NOT NULL CHECK (length(loan) = 16),
    number INTEGER NOT NULL,
    id     BLOB    NOT NULL CHECK (length(id) = 16),
    body   TEXT    NOT NULL,
    PRIMARY KEY (tenant, loan, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX collection_entry_id ON collection_entry (tenant, id);

-- Who looks after a loan now: it follows from the entries.
CREATE TABLE collection_owner (
    tenant BLOB NOT NULL,
    loan   BLOB NOT NULL CHECK (length(loan) = 16),
    owner  BLOB NOT NULL CHECK (length(owner) = 16),
    PRIMARY KEY (tenant, loan)
) STRICT, WITHOUT ROWID;
CREATE INDEX collection_owner_owner ON collection_owner (tenant, owner, loan);

-- +goose StatementBegin
CREATE TRIGGER collection_entry_keeps BEFORE UPDATE ON collection_entry BEGIN
    SELECT raise(ABORT, 'entries are append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER collection_entry_stays BEFORE DELETE ON collection_entry BEGIN
    SELECT raise(ABORT, 'entries are append-only');
END;
-- +goose StatementEnd
