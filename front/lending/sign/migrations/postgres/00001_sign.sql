-- +goose Up
-- What somebody was asked to sign with a one-time code, and whether he did. The code itself is not here.
CREATE TABLE sign_request (
    tenant   bytea    NOT NULL CHECK (length(tenant) = 16),
    subject  bytea    NOT NULL CHECK (length(subject) = 16),
    party    bytea    NOT NULL CHECK (length(party) = 16),
    hash     bytea    NOT NULL CHECK (length(hash) = 32), -- of the document
    salt     bytea    NOT NULL,
    code     bytea    NOT NULL, -- digest of salt and code
    expires  bigint NOT NULL, -- microseconds since 1970
    attempts bigint NOT NULL, -- wrong ones
    signed   bigint NOT NULL, -- microseconds since 1970, 0 until then
    PRIMARY KEY (tenant, subject, party)
);
