-- +goose Up
-- What somebody was asked to sign with a one-time code, and whether he did. The code itself is not here.
CREATE TABLE sign_request (
    tenant   BLOB    NOT NULL CHECK (length(tenant) = 16),
    subject  BLOB    NOT NULL CHECK (length(subject) = 16),
    party    BLOB    NOT NULL CHECK (length(party) = 16),
    hash     BLOB    NOT NULL CHECK (length(hash) = 32), -- of the document
    salt     BLOB    NOT NULL,
    code     BLOB    NOT NULL, -- digest of salt and code
    expires  INTEGER NOT NULL, -- microseconds since 1970
    attempts INTEGER NOT NULL, -- wrong ones
    signed   INTEGER NOT NULL, -- microseconds since 1970, 0 until then
    PRIMARY KEY (tenant, subject, party)
) STRICT, WITHOUT ROWID;
