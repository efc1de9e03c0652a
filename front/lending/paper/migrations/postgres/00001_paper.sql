-- +goose Up
-- Documents that were made for an application. The files themselves lie under their hashes.
CREATE TABLE paper_made (
    tenant      bytea   NOT NULL CHECK (length(tenant) = 16),
    application bytea   NOT NULL CHECK (length(application) = 16),
    contract    bytea   NOT NULL CHECK (length(contract) = 32), -- digest of the agreement to which it belongs
    kind        text    NOT NULL,
    language    text    NOT NULL,
    digest      bytea   NOT NULL CHECK (length(digest) = 32), -- of its text
    hash        bytea   NOT NULL CHECK (length(hash) = 32),   -- of its file
    pages       bigint  NOT NULL,
    size        bigint  NOT NULL, -- bytes
    made        bigint  NOT NULL, -- microseconds since 1970, by the ledger's clock
    data        text    NOT NULL, -- from which it was made
    PRIMARY KEY (tenant, application, contract, kind)
);

-- Files that somebody sent for an application.
CREATE TABLE paper_upload (
    tenant      bytea   NOT NULL CHECK (length(tenant) = 16),
    application bytea   NOT NULL CHECK (length(application) = 16),
    id          bytea   NOT NULL CHECK (length(id) = 16),
    kind        text    NOT NULL,
    type        text    NOT NULL,
    hash        bytea   NOT NULL CHECK (length(hash) = 32),
    size        bigint  NOT NULL, -- bytes
    uploader    bytea   NOT NULL, -- principal
    at          bigint  NOT NULL, -- microseconds since 1970, by the ledger's clock
    PRIMARY KEY (tenant, application, id)
);

-- +goose StatementBegin
CREATE FUNCTION paper_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'papers never change';
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER paper_made_keeps BEFORE UPDATE ON paper_made
    FOR EACH STATEMENT EXECUTE FUNCTION paper_keeps();
