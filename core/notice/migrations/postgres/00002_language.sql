-- +goose Up
-- In which language a party wants to be told.
CREATE TABLE notice_language (
    tenant   bytea NOT NULL CHECK (length(tenant) = 16),
    party    bytea NOT NULL CHECK (length(party) = 16),
    language text  NOT NULL,
    PRIMARY KEY (tenant, party)
);
