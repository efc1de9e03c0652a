-- +goose Up
CREATE TABLE feed_cursor (
    tenant   BLOB    NOT NULL CHECK (length(tenant) = 16),
    ledger   BLOB    NOT NULL CHECK (length(ledger) = 16),
    name     TEXT    NOT NULL, -- of the follower
    epoch    INTEGER NOT NULL, -- of the lead under which he follows
    position INTEGER NOT NULL, -- sequence of the last event that he has handled, 0 for none
    attempts INTEGER NOT NULL, -- at the next event, that failed
    problem  TEXT    NOT NULL, -- of the last of them
    changed  INTEGER NOT NULL, -- microseconds since 1970, by the machine's clock
    PRIMARY KEY (tenant, ledger, name)
) STRICT, WITHOUT ROWID;
