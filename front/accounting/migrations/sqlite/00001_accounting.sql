-- +goose Up
CREATE TABLE accounting_chart (
    tenant   BLOB    NOT NULL CHECK (length(tenant) = 16),
    first    INTEGER NOT NULL, -- day from which on it holds
    document TEXT    NOT NULL,
    proposal BLOB    NOT NULL CHECK (length(proposal) = 16),
    approved INTEGER NOT NULL, -- microseconds since 1970
    PRIMARY KEY (tenant, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounting_period (
    tenant   BLOB    NOT NULL CHECK (length(tenant) = 16),
    ledger   TEXT    NOT NULL,
    through  INTEGER NOT NULL, -- last day of what is closed
    sequence INTEGER NOT NULL, -- of the ledger when it was closed
    proposal BLOB    NOT NULL CHECK (length(proposal) = 16),
    closed   INTEGER NOT NULL, -- microseconds since 1970
    PRIMARY KEY (tenant, ledger, through)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounting_correction (
    tenant    BLOB    NOT NULL CHECK (length(tenant) = 16),
    ledger    TEXT    NOT NULL,
    corrected INTEGER NOT NULL, -- day that is put right
    sequence  INTEGER NOT NULL,
    command   BLOB    NOT NULL CHECK (length(command) = 16),
    effective INTEGER NOT NULL, -- day from which it counts
    purpose   INTEGER NOT NULL,
    approval  BLOB    NOT NULL CHECK (length(approval) = 16),
    PRIMARY KEY (tenant, ledger, corrected, sequence)
) STRICT, WITHOUT ROWID;
