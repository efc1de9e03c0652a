-- +goose Up
-- Everything here follows from the journal and can be made again. A place is ledger << 49 | number; the number of a
-- block is that of its records >> 7. An account's or register's key is ledger << 32 | number.
CREATE TABLE history_ledger (
    number   bigint PRIMARY KEY,
    id       bytea    NOT NULL UNIQUE CHECK (length(id) = 16),
    position bigint NOT NULL, -- last sequence
    owner    bigint NOT NULL DEFAULT 0, -- who opened it last: nobody else may project
    state    bytea    NOT NULL
);

-- Blocks of records.
CREATE TABLE history_command (place bigint PRIMARY KEY, data bytea NOT NULL);
CREATE TABLE history_entry   (place bigint PRIMARY KEY, data bytea NOT NULL);
CREATE TABLE history_hash    (place bigint PRIMARY KEY, data bytea NOT NULL);
CREATE TABLE history_account (place bigint PRIMARY KEY, data bytea NOT NULL);
CREATE TABLE history_head    (place bigint PRIMARY KEY, data bytea NOT NULL); -- accounts' newest entries, now and then

-- Groups by their first sequence, with the results.
CREATE TABLE history_group (place bigint PRIMARY KEY, data bytea NOT NULL);
-- Totals by bucket after a sequence, now and then.
CREATE TABLE history_totals (place bigint PRIMARY KEY, data bytea NOT NULL);

-- Assets, buckets and registers.
CREATE TABLE history_opened (
    ledger bigint NOT NULL,
    kind   bigint NOT NULL,
    number bigint NOT NULL,
    data   bytea    NOT NULL,
    PRIMARY KEY (ledger, kind, number)
);

-- Every 64th entry of an account.
CREATE TABLE history_chain (
    account bigint NOT NULL,
    entry   bigint NOT NULL,
    PRIMARY KEY (account, entry)
);

CREATE TABLE history_payout (place bigint PRIMARY KEY, head bytea NOT NULL, ahead bytea NOT NULL);
CREATE TABLE history_ahead (
    place   bigint NOT NULL, -- of the payout
    segment bigint NOT NULL, -- of 4,096 holders, from 1
    data    bytea    NOT NULL,
    PRIMARY KEY (place, segment)
);
CREATE TABLE history_detail (
    place  bigint NOT NULL, -- of the payout
    holder bigint NOT NULL, -- the first
    data   bytea    NOT NULL,
    PRIMARY KEY (place, holder)
);
CREATE TABLE history_timeline (
    register bigint NOT NULL,
    payout   bigint NOT NULL,
    PRIMARY KEY (register, payout)
);
-- Payouts that undo, few.
CREATE TABLE history_undo (place bigint PRIMARY KEY, register bigint NOT NULL);

-- Changes of holdings, by account and by holder.
CREATE TABLE history_holding (
    account bigint NOT NULL,
    change  bigint NOT NULL,
    data    bytea    NOT NULL,
    PRIMARY KEY (account, change)
);
CREATE TABLE history_holder (
    register bigint NOT NULL,
    holder   bigint NOT NULL,
    change   bigint NOT NULL,
    account  bigint NOT NULL,
    PRIMARY KEY (register, holder, change)
);
-- All holdings of an account just after a change, now and then.
CREATE TABLE history_fold (
    account bigint NOT NULL,
    change  bigint NOT NULL,
    data    bytea    NOT NULL,
    PRIMARY KEY (account, change)
);

-- Ids of commands by the millisecond that they name; those that crowd one millisecond.
CREATE TABLE history_id (place bigint PRIMARY KEY, data bytea NOT NULL);
CREATE TABLE history_crowd (
    place bigint NOT NULL,
    rest  bytea    NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (place, rest)
);
CREATE TABLE history_reference (
    ledger   bigint NOT NULL,
    type     bigint NOT NULL,
    value    bytea    NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (ledger, type, value, sequence)
);

-- Entries and payouts whose effective date is not their booking date, by the order of size of the days between.
CREATE TABLE history_shift (
    owner     bigint NOT NULL, -- account
    class     bigint NOT NULL,
    effective bigint NOT NULL,
    entry     bigint NOT NULL,
    booked    bigint NOT NULL,
    debit     bigint NOT NULL,
    credit    bigint NOT NULL,
    PRIMARY KEY (owner, class, effective, entry)
);
CREATE TABLE history_payout_shift (
    owner     bigint NOT NULL, -- register
    class     bigint NOT NULL,
    effective bigint NOT NULL,
    payout    bigint NOT NULL,
    booked    bigint NOT NULL,
    PRIMARY KEY (owner, class, effective, payout)
);
-- What commands whose effective date is not their booking date booked, by bucket.
CREATE TABLE history_shift_totals (
    ledger    bigint NOT NULL,
    effective bigint NOT NULL,
    sequence  bigint NOT NULL,
    bucket    bigint NOT NULL,
    booked    bigint NOT NULL,
    data      bytea  NOT NULL,
    PRIMARY KEY (ledger, effective, sequence, bucket)
);
CREATE INDEX history_shift_totals_booked ON history_shift_totals (ledger, booked);

-- Compressing costs more time than it saves here.
ALTER TABLE history_command ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE history_entry ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE history_hash ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE history_account ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE history_head ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE history_group ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE history_payout ALTER COLUMN ahead SET STORAGE EXTERNAL;
ALTER TABLE history_ahead ALTER COLUMN data SET STORAGE EXTERNAL;
