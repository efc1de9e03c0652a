-- +goose Up
CREATE TABLE ledger (
    id      BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    name    TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL -- microseconds since 1970
) STRICT, WITHOUT ROWID;

-- A row is a group: what was committed together. The bytes are the truth, the other columns are copies to look for it.
CREATE TABLE journal (
    ledger   BLOB    NOT NULL,
    sequence INTEGER NOT NULL, -- of the group's first command
    epoch    INTEGER NOT NULL,
    count    INTEGER NOT NULL,
    hash     BLOB    NOT NULL, -- SHA-256 of the bytes
    bytes    BLOB    NOT NULL,
    PRIMARY KEY (ledger, sequence)
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER journal_keeps BEFORE UPDATE ON journal BEGIN
    SELECT raise(ABORT, 'the journal is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER journal_stays BEFORE DELETE ON journal BEGIN
    SELECT raise(ABORT, 'the journal is append-only');
END;
-- +goose StatementEnd
