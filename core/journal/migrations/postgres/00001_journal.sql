-- +goose Up
CREATE TABLE ledger (
    id      uuid PRIMARY KEY,
    name    text NOT NULL UNIQUE,
    created bigint NOT NULL -- microseconds since 1970
);

-- A row is a group: what was committed together. The bytes are the truth, the other columns are copies to look for it.
CREATE TABLE journal (
    ledger   uuid    NOT NULL,
    sequence bigint  NOT NULL, -- of the group's first command
    epoch    bigint  NOT NULL,
    count    integer NOT NULL,
    hash     bytea   NOT NULL, -- SHA-256 of the bytes
    bytes    bytea   NOT NULL,
    PRIMARY KEY (ledger, sequence)
);

-- Compressing costs more time than it saves here, and keeps the length from being read by itself.
ALTER TABLE journal ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- +goose StatementBegin
CREATE FUNCTION journal_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER journal_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_keeps();

-- The right to lead, until the database's clock says otherwise.
CREATE TABLE lease (
    key     uuid PRIMARY KEY,
    holder  uuid NOT NULL,
    epoch   bigint NOT NULL,
    expires timestamptz NOT NULL
) WITH (fillfactor = 50);
