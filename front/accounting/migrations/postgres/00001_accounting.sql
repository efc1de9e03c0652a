-- +goose Up
CREATE TABLE accounting_chart (
    tenant   bytea  NOT NULL CHECK (length(tenant) = 16),
    first    bigint NOT NULL, -- day from which on it holds
    document text   NOT NULL,
    proposal bytea  NOT NULL CHECK (length(proposal) = 16),
    approved bigint NOT NULL, -- microseconds since 1970
    PRIMARY KEY (tenant, first)
);

CREATE TABLE accounting_period (
    tenant   bytea  NOT NULL CHECK (length(tenant) = 16),
    ledger   text   NOT NULL,
    through  bigint NOT NULL, -- last day of what is closed
    sequence bigint NOT NULL, -- of the ledger when it was closed
    proposal bytea  NOT NULL CHECK (length(proposal) = 16),
    closed   bigint NOT NULL, -- microseconds since 1970
    PRIMARY KEY (tenant, ledger, through)
);

CREATE TABLE accounting_correction (
    tenant    bytea  NOT NULL CHECK (length(tenant) = 16),
    ledger    text   NOT NULL,
    corrected bigint NOT NULL, -- day that is put right
    sequence  bigint NOT NULL,
    command   bytea  NOT NULL CHECK (length(command) = 16),
    effective bigint NOT NULL, -- day from which it counts
    purpose   bigint NOT NULL,
    approval  bytea  NOT NULL CHECK (length(approval) = 16),
    PRIMARY KEY (tenant, ledger, corrected, sequence)
);
