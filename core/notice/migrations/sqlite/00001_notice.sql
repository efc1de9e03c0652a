-- +goose Up
CREATE TABLE notice (
    tenant   BLOB    NOT NULL CHECK (length(tenant) = 16),
    id       BLOB    NOT NULL CHECK (length(id) = 16),
    party    BLOB    NOT NULL CHECK (length(party) = 16),
    kind     TEXT    NOT NULL,
    channel  TEXT    NOT NULL,
    data     BLOB    NOT NULL, -- JSON for the template; empty once a secret one is sent
    subject  TEXT    NOT NULL, -- as it was sent
    body     TEXT    NOT NULL,
    language TEXT    NOT NULL,
    created  INTEGER NOT NULL, -- microseconds since 1970
    sent     INTEGER NOT NULL, -- 0 until then
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_party ON notice (tenant, party, id);

-- What a party wants over which channel. Without a row the kind's own channels count.
CREATE TABLE notice_preference (
    tenant  BLOB    NOT NULL CHECK (length(tenant) = 16),
    party   BLOB    NOT NULL CHECK (length(party) = 16),
    kind    TEXT    NOT NULL,
    channel TEXT    NOT NULL,
    wanted  INTEGER NOT NULL CHECK (wanted IN (0, 1)),
    PRIMARY KEY (tenant, party, kind, channel)
) STRICT, WITHOUT ROWID;
