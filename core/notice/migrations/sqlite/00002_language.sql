-- +goose Up
-- In which language a party wants to be told.
CREATE TABLE notice_language (
    tenant   BLOB NOT NULL CHECK (length(tenant) = 16),
    party    BLOB NOT NULL CHECK (length(party) = 16),
    language TEXT NOT NULL,
    PRIMARY KEY (tenant, party)
) STRICT, WITHOUT ROWID;
