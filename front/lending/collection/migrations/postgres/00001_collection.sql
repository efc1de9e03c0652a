-- +goose Up
-- What was done about loans that are late.
CREATE TABLE collection_entry (
    tenant bytea   NOT NULL,
    loan   bytea   NOT NULL CHECK (length(loan) = 16),
    number bigint  NOT NULL,
    id     bytea   NOT NULL CHECK (length(id) = 16),
    body   text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, loan, number)
);
CREATE UNIQUE INDEX collection_entry_id ON collection_entry (tenant, id);

-- Who looks after a loan now: it follows from the entries.
CREATE TABLE collection_owner (
    tenant bytea NOT NULL,
    loan   bytea NOT NULL CHECK (length(loan) = 16),
    owner  bytea NOT NULL CHECK (length(owner) = 16),
    PRIMARY KEY (tenant, loan)
);
CREATE INDEX collection_owner_owner ON collection_owner (tenant, owner, loan);

-- +goose StatementBegin
CREATE FUNCTION collection_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries are append-only';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER collection_entry_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON collection_entry
    FOR EACH STATEMENT EXECUTE FUNCTION collection_keeps();
