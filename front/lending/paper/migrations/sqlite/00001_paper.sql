-- +goose Up
-- Documents that were made for an application. The files themselves lie under their hashes.
CREATE TABLE paper_made (
    tenant      BLOB    NOT NULL CHECK (length(tenant) = 16),
    application BLOB    NOT NULL CHECK (length(application) = 16),
    contract    BLOB    NOT NULL CHECK (length(contract) = 32), -- digest of the agreement to which it belongs
    kind        TEXT    NOT NULL,
    language    TEXT    NOT NULL,
    digest      BLOB    NOT NULL CHECK (length(digest) = 32), -- of its text
    hash        BLOB    NOT NULL CHECK (length(hash) = 32),   -- of its file
    pages       INTEGER NOT NULL,
    size        INTEGER NOT NULL, -- bytes
    made        INTEGER NOT NULL, -- microseconds since 1970, by the ledger's clock
    data        TEXT    NOT NULL, -- from which it was made
    PRIMARY KEY (tenant, application, contract, kind)
) STRICT, WITHOUT ROWID;

-- Files that somebody sent for an application.
CREATE TABLE paper_upload (
    tenant      BLOB    NOT NULL CHECK (length(tenant) = 16),
    application BLOB    NOT NULL CHECK (length(application) = 16),
    id          BLOB    NOT NULL CHECK (length(id) = 16),
    kind        TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    hash        BLOB    NOT NULL CHECK (length(hash) = 32),
    size        INTEGER NOT NULL, -- bytes
    uploader    BLOB    NOT NULL, -- principal
    at          INTEGER NOT NULL, -- microseconds since 1970, by the ledger's clock
    PRIMARY KEY (tenant, application, id)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER paper_made_keeps BEFORE UPDATE ON paper_made BEGIN
    SELECT raise(ABORT, 'papers never change');
END;
-- +goose StatementEnd
