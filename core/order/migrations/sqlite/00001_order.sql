-- +goose Up
-- Where each tenant's events end. Whoever writes orders of a tenant changes this row first, so numbers have no gaps and
-- come in the order of commits.
CREATE TABLE order_tenant (
    tenant BLOB PRIMARY KEY NOT NULL CHECK (length(tenant) = 16),
    last   INTEGER NOT NULL, -- number of the last event
    at     INTEGER NOT NULL  -- its instant, microseconds since 1970
) STRICT, WITHOUT ROWID;

-- Steps of orders: their history, and by number the events of the tenant. Absent is NULL; amounts, refs and attributes
-- are NULL when the step did not touch them.
CREATE TABLE order_step (
    tenant     BLOB    NOT NULL,
    number     INTEGER NOT NULL,
    item       BLOB    NOT NULL CHECK (length(item) = 16), -- the order
    version    INTEGER NOT NULL,
    change     BLOB    NOT NULL CHECK (length(change) = 16),
    hash       BLOB    NOT NULL, -- SHA-256 of what was asked
    kind       TEXT    NOT NULL,
    transition TEXT,
    origin     TEXT,
    state      TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    actor      BLOB    NOT NULL,
    behalf     BLOB,
    role       TEXT    NOT NULL,
    reason     TEXT,
    approval   BLOB,
    ledger     BLOB,
    command    BLOB,
    sequence   INTEGER,
    amounts    TEXT,
    refs       TEXT,
    attributes TEXT,
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX order_step_change ON order_step (tenant, change);
CREATE UNIQUE INDEX order_step_item ON order_step (tenant, item, version);

-- +goose StatementBegin
CREATE TRIGGER order_step_keeps BEFORE UPDATE ON order_step BEGIN
    SELECT raise(ABORT, 'steps are append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER order_step_stays BEFORE DELETE ON order_step BEGIN
    SELECT raise(ABORT, 'steps are append-only');
END;
-- +goose StatementEnd

-- Orders as they stand. The place is the number of the event that opened the order.
CREATE TABLE order_book (
    tenant     BLOB    NOT NULL,
    id         BLOB    NOT NULL CHECK (length(id) = 16),
    place      INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    creator    BLOB    NOT NULL,
    changed    INTEGER NOT NULL,
    changer    BLOB    NOT NULL,
    parties    TEXT    NOT NULL,
    amounts    TEXT    NOT NULL,
    refs       TEXT    NOT NULL,
    attributes TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX order_book_id ON order_book (tenant, id);
CREATE UNIQUE INDEX order_book_place ON order_book (tenant, place);
CREATE INDEX order_book_kind ON order_book (tenant, kind, place);
CREATE INDEX order_book_kind_state ON order_book (tenant, kind, state, place);
CREATE INDEX order_book_state ON order_book (tenant, state, place);
CREATE INDEX order_book_created ON order_book (tenant, created, place);

CREATE TABLE order_party (
    tenant BLOB    NOT NULL,
    party  BLOB    NOT NULL CHECK (length(party) = 16),
    place  INTEGER NOT NULL,
    part   TEXT    NOT NULL,
    PRIMARY KEY (tenant, party, place, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_reference (
    tenant BLOB    NOT NULL,
    type   INTEGER NOT NULL,
    value  BLOB    NOT NULL CHECK (length(value) = 16),
    place  INTEGER NOT NULL,
    PRIMARY KEY (tenant, type, value, place)
) STRICT, WITHOUT ROWID;

-- How far each follower has come.
CREATE TABLE order_follower (
    tenant   BLOB    NOT NULL CHECK (length(tenant) = 16),
    name     TEXT    NOT NULL,
    position INTEGER NOT NULL, -- number of the last event that it has dealt with
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
