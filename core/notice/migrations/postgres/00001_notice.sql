-- +goose Up
CREATE TABLE notice (
    tenant   bytea    NOT NULL CHECK (length(tenant) = 16),
    id       bytea    NOT NULL CHECK (length(id) = 16),
    party    bytea    NOT NULL CHECK (length(party) = 16),
    kind     text    NOT NULL,
    channel  text    NOT NULL,
    data     bytea    NOT NULL, -- JSON for the template; empty once a secret one is sent
    subject  text    NOT NULL, -- as it was sent
    body     text    NOT NULL,
    language text    NOT NULL,
    created  bigint NOT NULL, -- microseconds since 1970
    sent     bigint NOT NULL, -- 0 until then
    PRIMARY KEY (tenant, id)
);
CREATE INDEX notice_party ON notice (tenant, party, id);

-- What a party wants over which channel. Without a row the kind's own channels count.
CREATE TABLE notice_preference (
    tenant  bytea    NOT NULL CHECK (length(tenant) = 16),
    party   bytea    NOT NULL CHECK (length(party) = 16),
    kind    text    NOT NULL,
    channel text    NOT NULL,
    wanted  boolean NOT NULL,
    PRIMARY KEY (tenant, party, kind, channel)
);
