-- +goose Up
-- Ids are 16 bytes, instants are microseconds since 1970, days are day numbers since 1970. What has not happened is 0;
-- what has no end ends at the largest number.
-- Every row carries its tenant; only party_setting is about the database itself.
CREATE TABLE party_setting (
    name  TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE party_tenant (
    tenant  BLOB    PRIMARY KEY NOT NULL CHECK (length(tenant) = 16),
    name    TEXT    NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    creator BLOB    NOT NULL CHECK (length(creator) = 16)
) STRICT, WITHOUT ROWID;

-- A ledger belongs to one tenant.
CREATE TABLE party_ledger (
    name    TEXT    PRIMARY KEY NOT NULL,
    tenant  BLOB    NOT NULL REFERENCES party_tenant (tenant),
    created INTEGER NOT NULL,
    creator BLOB    NOT NULL CHECK (length(creator) = 16)
) STRICT, WITHOUT ROWID;
CREATE INDEX party_ledger_tenant ON party_ledger (tenant, name);

CREATE TABLE party_party (
    tenant  BLOB    NOT NULL REFERENCES party_tenant (tenant),
    id      BLOB    NOT NULL CHECK (length(id) = 16),
    kind    INTEGER NOT NULL,
    name    BLOB    NOT NULL, -- personal, sealed
    version INTEGER NOT NULL,
    created INTEGER NOT NULL,
    creator BLOB    NOT NULL CHECK (length(creator) = 16),
    closed  INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- Who made which version of a party.
CREATE TABLE party_change (
    tenant  BLOB    NOT NULL,
    party   BLOB    NOT NULL,
    version INTEGER NOT NULL,
    what    INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    actor   BLOB    NOT NULL CHECK (length(actor) = 16),
    PRIMARY KEY (tenant, party, version),
    FOREIGN KEY (tenant, party) REFERENCES party_party (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE party_identifier (
    tenant  BLOB    NOT NULL,
    id      BLOB    NOT NULL CHECK (length(id) = 16),
    party   BLOB    NOT NULL,
    type    TEXT    NOT NULL,
    lookup  BLOB    NOT NULL, -- HMAC-SHA-256 of the value, empty when it is removed
    value   BLOB    NOT NULL, -- personal, sealed, empty when it is removed
    created INTEGER NOT NULL,
    creator BLOB    NOT NULL CHECK (length(creator) = 16),
    removed INTEGER NOT NULL,
    remover BLOB    NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, party) REFERENCES party_party (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX party_identifier_value ON party_identifier (tenant, type, lookup) WHERE removed = 0;
CREATE INDEX party_identifier_party ON party_identifier (tenant, party, id);

CREATE TABLE party_attestation (
    tenant  BLOB    NOT NULL,
    id      BLOB    NOT NULL CHECK (length(id) = 16),
    party   BLOB    NOT NULL,
    about   TEXT    NOT NULL,
    level   TEXT    NOT NULL,
    source  TEXT    NOT NULL,
    voucher BLOB    NOT NULL, -- a party, or 16 zero bytes
    starts  INTEGER NOT NULL,
    ends    INTEGER NOT NULL,
    created INTEGER NOT NULL,
    creator BLOB    NOT NULL CHECK (length(creator) = 16),
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, party) REFERENCES party_party (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX party_attestation_party ON party_attestation (tenant, party, id);

-- That an attestation no longer holds is a row of its own: the attestation is never edited.
CREATE TABLE party_revocation (
    tenant      BLOB    NOT NULL,
    attestation BLOB    NOT NULL,
    reason      TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    actor       BLOB    NOT NULL CHECK (length(actor) = 16),
    PRIMARY KEY (tenant, attestation),
    FOREIGN KEY (tenant, attestation) REFERENCES party_attestation (tenant, id)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER party_attestation_keeps BEFORE UPDATE ON party_attestation BEGIN
    SELECT raise(ABORT, 'attestations are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER party_attestation_stays BEFORE DELETE ON party_attestation BEGIN
    SELECT raise(ABORT, 'attestations are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER party_revocation_keeps BEFORE UPDATE ON party_revocation BEGIN
    SELECT raise(ABORT, 'attestations are append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER party_revocation_stays BEFORE DELETE ON party_revocation BEGIN
    SELECT raise(ABORT, 'attestations are append-only');
END;
-- +goose StatementEnd

CREATE TABLE party_role (
    tenant  BLOB    NOT NULL,
    id      BLOB    NOT NULL CHECK (length(id) = 16),
    party   BLOB    NOT NULL,
    code    TEXT    NOT NULL,
    starts  INTEGER NOT NULL, -- day
    ends    INTEGER NOT NULL, -- first day on which it no longer holds, as given
    stops   INTEGER NOT NULL, -- the same, as it came
    created INTEGER NOT NULL,
    creator BLOB    NOT NULL CHECK (length(creator) = 16),
    ended   INTEGER NOT NULL,
    ender   BLOB    NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, party) REFERENCES party_party (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX party_role_party ON party_role (tenant, party, id);
CREATE INDEX party_role_code ON party_role (tenant, code, id);

CREATE TABLE party_principal (
    tenant  BLOB    NOT NULL,
    id      BLOB    NOT NULL CHECK (length(id) = 16),
    kind    TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    person  BLOB    NOT NULL, -- the party that stands behind it
    created INTEGER NOT NULL,
    creator BLOB    NOT NULL CHECK (length(creator) = 16),
    closed  INTEGER NOT NULL,
    closer  BLOB    NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name),
    FOREIGN KEY (tenant, person) REFERENCES party_party (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX party_principal_person ON party_principal (tenant, person, id);

CREATE TABLE party_grant (
    tenant    BLOB    NOT NULL,
    id        BLOB    NOT NULL CHECK (length(id) = 16),
    principal BLOB    NOT NULL,
    party     BLOB    NOT NULL,
    starts    INTEGER NOT NULL,
    ends      INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    creator   BLOB    NOT NULL CHECK (length(creator) = 16),
    revoked   INTEGER NOT NULL,
    revoker   BLOB    NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, principal) REFERENCES party_principal (tenant, id),
    FOREIGN KEY (tenant, party) REFERENCES party_party (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX party_grant_principal ON party_grant (tenant, principal, id);
CREATE INDEX party_grant_live ON party_grant (tenant, principal, ends) WHERE revoked = 0;
CREATE INDEX party_grant_party ON party_grant (tenant, party, id);

CREATE TABLE party_token (
    tenant    BLOB    NOT NULL,
    id        BLOB    NOT NULL CHECK (length(id) = 16),
    principal BLOB    NOT NULL,
    hash      BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the token's text
    expires   INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    creator   BLOB    NOT NULL CHECK (length(creator) = 16),
    revoked   INTEGER NOT NULL,
    revoker   BLOB    NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, principal) REFERENCES party_principal (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX party_token_principal ON party_token (tenant, principal, id);
