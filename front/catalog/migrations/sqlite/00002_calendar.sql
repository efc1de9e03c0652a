-- +goose Up
-- Versions of lists of holidays. A row is made by an approved proposal and never changed; the newest counts.
CREATE TABLE catalog_calendar (
    tenant   BLOB    NOT NULL CHECK (length(tenant) = 16),
    code     TEXT    NOT NULL,
    number   INTEGER NOT NULL CHECK (number > 0), -- 1, 2, 3… of a calendar
    content  BLOB    NOT NULL, -- JSON of the calendar, in full
    hash     BLOB    NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the content
    proposal BLOB    NOT NULL CHECK (length(proposal) = 16),
    proposer BLOB    NOT NULL,
    approver BLOB    NOT NULL,
    approved INTEGER NOT NULL, -- microseconds since 1970
    PRIMARY KEY (tenant, code, number)
) STRICT, WITHOUT ROWID;
