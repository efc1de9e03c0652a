-- +goose Up
-- Where each tenant's events end. Whoever writes orders of a tenant changes this row first, so numbers have no gaps and
-- come in the order of commits.
CREATE TABLE order_tenant (
    tenant bytea PRIMARY KEY NOT NULL CHECK (length(tenant) = 16),
    last   bigint NOT NULL, -- number of the last event
    at     bigint NOT NULL  -- its instant, microseconds since 1970
);

-- Steps of orders: their history, and by number the events of the tenant. Absent is NULL; amounts, refs and attributes
-- are NULL when the step did not touch them.
CREATE TABLE order_step (
    tenant     bytea NOT NULL,
    number     bigint NOT NULL,
    item       bytea NOT NULL CHECK (length(item) = 16), -- the order
    version    bigint NOT NULL,
    change     bytea NOT NULL CHECK (length(change) = 16),
    hash       bytea NOT NULL, -- SHA-256 of what was asked
    kind       text COLLATE "C" NOT NULL,
    transition text COLLATE "C",
    origin     text COLLATE "C",
    state      text COLLATE "C" NOT NULL,
    at         bigint NOT NULL,
    actor      bytea NOT NULL,
    behalf     bytea,
    role       text COLLATE "C" NOT NULL,
    reason     text COLLATE "C",
    approval   bytea,
    ledger     bytea,
    command    bytea,
    sequence   bigint,
    amounts    text COLLATE "C",
    refs       text COLLATE "C",
    attributes text COLLATE "C",
    PRIMARY KEY (tenant, number)
);
CREATE UNIQUE INDEX order_step_change ON order_step (tenant, change);
CREATE UNIQUE INDEX order_step_item ON order_step (tenant, item, version);

-- +goose StatementBegin
CREATE FUNCTION order_step_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'steps are append-only';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER order_step_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON order_step
    FOR EACH STATEMENT EXECUTE FUNCTION order_step_keeps();

-- Orders as they stand. The place is the number of the event that opened the order.
CREATE TABLE order_book (
    tenant     bytea NOT NULL,
    id         bytea NOT NULL CHECK (length(id) = 16),
    place      bigint NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    state      text COLLATE "C" NOT NULL,
    version    bigint NOT NULL,
    created    bigint NOT NULL,
    creator    bytea NOT NULL,
    changed    bigint NOT NULL,
    changer    bytea NOT NULL,
    parties    text COLLATE "C" NOT NULL,
    amounts    text COLLATE "C" NOT NULL,
    refs       text COLLATE "C" NOT NULL,
    attributes text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX order_book_id ON order_book (tenant, id);
CREATE UNIQUE INDEX order_book_place ON order_book (tenant, place);
CREATE INDEX order_book_kind ON order_book (tenant, kind, place);
CREATE INDEX order_book_kind_state ON order_book (tenant, kind, state, place);
CREATE INDEX order_book_state ON order_book (tenant, state, place);
CREATE INDEX order_book_created ON order_book (tenant, created, place);

CREATE TABLE order_party (
    tenant bytea NOT NULL,
    party  bytea NOT NULL CHECK (length(party) = 16),
    place  bigint NOT NULL,
    part   text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, party, place, part)
);

CREATE TABLE order_reference (
    tenant bytea NOT NULL,
    type   bigint NOT NULL,
    value  bytea NOT NULL CHECK (length(value) = 16),
    place  bigint NOT NULL,
    PRIMARY KEY (tenant, type, value, place)
);

-- How far each follower has come.
CREATE TABLE order_follower (
    tenant   bytea NOT NULL CHECK (length(tenant) = 16),
    name     text COLLATE "C" NOT NULL,
    position bigint NOT NULL, -- number of the last event that it has dealt with
    PRIMARY KEY (tenant, name)
);
