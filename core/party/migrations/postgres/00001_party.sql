-- +goose Up
-- Ids are 16 bytes, instants are microseconds since 1970, days are day numbers since 1970. What has not happened is 0;
-- what has no end ends at the largest number.
-- Every row carries its tenant; only party_setting is about the database itself.
CREATE TABLE party_setting (
    name  text PRIMARY KEY,
    value bytea NOT NULL
);

CREATE TABLE party_tenant (
    tenant  bytea   PRIMARY KEY CHECK (length(tenant) = 16),
    name    text    NOT NULL UNIQUE,
    created bigint  NOT NULL,
    creator bytea   NOT NULL CHECK (length(creator) = 16)
);

-- A ledger belongs to one tenant.
CREATE TABLE party_ledger (
    name    text    PRIMARY KEY,
    tenant  bytea   NOT NULL REFERENCES party_tenant (tenant),
    created bigint  NOT NULL,
    creator bytea   NOT NULL CHECK (length(creator) = 16)
);
CREATE INDEX party_ledger_tenant ON party_ledger (tenant, name);

CREATE TABLE party_party (
    tenant  bytea   NOT NULL REFERENCES party_tenant (tenant),
    id      bytea   NOT NULL CHECK (length(id) = 16),
    kind    bigint  NOT NULL,
    name    bytea   NOT NULL, -- personal, sealed
    version bigint  NOT NULL,
    created bigint  NOT NULL,
    creator bytea   NOT NULL CHECK (length(creator) = 16),
    closed  bigint  NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- Who made which version of a party.
CREATE TABLE party_change (
    tenant  bytea   NOT NULL,
    party   bytea   NOT NULL,
    version bigint  NOT NULL,
    what    bigint  NOT NULL,
    at      bigint  NOT NULL,
    actor   bytea   NOT NULL CHECK (length(actor) = 16),
    PRIMARY KEY (tenant, party, version),
    FOREIGN KEY (tenant, party) REFERENCES party_party (tenant, id)
);

CREATE TABLE party_identifier (
    tenant  bytea   NOT NULL,
    id      bytea   NOT NULL CHECK (length(id) = 16),
    party   bytea   NOT NULL,
    type    text    NOT NULL,
    lookup  bytea   NOT NULL, -- HMAC-SHA-256 of the value, empty when it is removed
    value   bytea   NOT NULL, -- personal, sealed, empty when it is removed
    created bigint  NOT NULL,
    creator bytea   NOT NULL CHECK (length(creator) = 16),
    removed bigint  NOT NULL,
    remover bytea   NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, party) REFERENCES party_party (tenant, id)
);
CREATE UNIQUE INDEX party_identifier_value ON party_identifier (tenant, type, lookup) WHERE removed = 0;
CREATE INDEX party_identifier_party ON party_identifier (tenant, party, id);

CREATE TABLE party_attestation (
    tenant  bytea   NOT NULL,
    id      bytea   NOT NULL CHECK (length(id) = 16),
    party   bytea   NOT NULL,
    about   text    NOT NULL,
    level   text    NOT NULL,
    source  text    NOT NULL,
    voucher bytea   NOT NULL, -- a party, or 16 zero bytes
    starts  bigint  NOT NULL,
    ends    bigint  NOT NULL,
    created bigint  NOT NULL,
    creator bytea   NOT NULL CHECK (length(creator) = 16),
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, party) REFERENCES party_party (tenant, id)
);
CREATE INDEX party_attestation_party ON party_attestation (tenant, party, id);

-- That an attestation no longer holds is a row of its own: the attestation is never edited.
CREATE TABLE party_revocation (
    tenant      bytea   NOT NULL,
    attestation bytea   NOT NULL,
    reason      text    NOT NULL,
    at          bigint  NOT NULL,
    actor       bytea   NOT NULL CHECK (length(actor) = 16),
    PRIMARY KEY (tenant, attestation),
    FOREIGN KEY (tenant, attestation) REFERENCES party_attestation (tenant, id)
);

-- +goose StatementBegin
CREATE FUNCTION party_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'attestations are append-only';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER party_attestation_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON party_attestation
    FOR EACH STATEMENT EXECUTE FUNCTION party_keeps();
CREATE TRIGGER party_revocation_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON party_revocation
    FOR EACH STATEMENT EXECUTE FUNCTION party_keeps();

CREATE TABLE party_role (
    tenant  bytea   NOT NULL,
    id      bytea   NOT NULL CHECK (length(id) = 16),
    party   bytea   NOT NULL,
    code    text    NOT NULL,
    starts  bigint  NOT NULL, -- day
    ends    bigint  NOT NULL, -- first day on which it no longer holds, as given
    stops   bigint  NOT NULL, -- the same, as it came
    created bigint  NOT NULL,
    creator bytea   NOT NULL CHECK (length(creator) = 16),
    ended   bigint  NOT NULL,
    ender   bytea   NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, party) REFERENCES party_party (tenant, id)
);
CREATE INDEX party_role_party ON party_role (tenant, party, id);
CREATE INDEX party_role_code ON party_role (tenant, code, id);

CREATE TABLE party_principal (
    tenant  bytea   NOT NULL,
    id      bytea   NOT NULL CHECK (length(id) = 16),
    kind    text    NOT NULL,
    name    text    NOT NULL,
    person  bytea   NOT NULL, -- the party that stands behind it
    created bigint  NOT NULL,
    creator bytea   NOT NULL CHECK (length(creator) = 16),
    closed  bigint  NOT NULL,
    closer  bytea   NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name),
    FOREIGN KEY (tenant, person) REFERENCES party_party (tenant, id)
);
CREATE INDEX party_principal_person ON party_principal (tenant, person, id);

CREATE TABLE party_grant (
    tenant    bytea   NOT NULL,
    id        bytea   NOT NULL CHECK (length(id) = 16),
    principal bytea   NOT NULL,
    party     bytea   NOT NULL,
    starts    bigint  NOT NULL,
    ends      bigint  NOT NULL,
    created   bigint  NOT NULL,
    creator   bytea   NOT NULL CHECK (length(creator) = 16),
    revoked   bigint  NOT NULL,
    revoker   bytea   NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, principal) REFERENCES party_principal (tenant, id),
    FOREIGN KEY (tenant, party) REFERENCES party_party (tenant, id)
);
CREATE INDEX party_grant_principal ON party_grant (tenant, principal, id);
CREATE INDEX party_grant_live ON party_grant (tenant, principal, ends) WHERE revoked = 0;
CREATE INDEX party_grant_party ON party_grant (tenant, party, id);

CREATE TABLE party_token (
    tenant    bytea   NOT NULL,
    id        bytea   NOT NULL CHECK (length(id) = 16),
    principal bytea   NOT NULL,
    hash      bytea   NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the token's text
    expires   bigint  NOT NULL,
    created   bigint  NOT NULL,
    creator   bytea   NOT NULL CHECK (length(creator) = 16),
    revoked   bigint  NOT NULL,
    revoker   bytea   NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, principal) REFERENCES party_principal (tenant, id)
);
CREATE INDEX party_token_principal ON party_token (tenant, principal, id);
