-- +goose Up
CREATE TABLE feed_cursor (
    tenant   bytea   NOT NULL CHECK (length(tenant) = 16),
    ledger   bytea   NOT NULL CHECK (length(ledger) = 16),
    name     text    NOT NULL, -- of the follower
    epoch    bigint  NOT NULL, -- of the lead under which he follows
    position bigint  NOT NULL, -- sequence of the last event that he has handled, 0 for none
    attempts integer NOT NULL, -- at the next event, that failed
    problem  text    NOT NULL, -- of the last of them
    changed  bigint  NOT NULL, -- microseconds since 1970, by the machine's clock
    PRIMARY KEY (tenant, ledger, name)
);
