-- +goose Up
-- Versions of lists of holidays. A row is made by an approved proposal and never changed; the newest counts.
CREATE TABLE catalog_calendar (
    tenant   bytea  NOT NULL CHECK (length(tenant) = 16),
    code     text   COLLATE "C" NOT NULL,
    number   bigint NOT NULL CHECK (number > 0), -- 1, 2, 3… of a calendar
    content  bytea  NOT NULL, -- JSON of the calendar, in full
    hash     bytea  NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the content
    proposal bytea  NOT NULL CHECK (length(proposal) = 16),
    proposer bytea  NOT NULL,
    approver bytea  NOT NULL,
    approved bigint NOT NULL, -- microseconds since 1970
    PRIMARY KEY (tenant, code, number)
);
