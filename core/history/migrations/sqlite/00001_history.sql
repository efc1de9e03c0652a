-- +goose Up
-- Everything here follows from the journal and can be made again. A place is ledger << 49 | number; the number of a
-- block is that of its records >> 7. An account's or register's key is ledger << 32 | number.
CREATE TABLE history_ledger (
    number   INTEGER PRIMARY KEY,
    id       BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    position INTEGER NOT NULL, -- last sequence
    owner    INTEGER NOT NULL DEFAULT 0, -- who opened it last: nobody else may project
    state    BLOB    NOT NULL
) STRICT;

-- Blocks of records.
CREATE TABLE history_command (place INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE history_entry   (place INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE history_hash    (place INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE history_account (place INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE history_head    (place INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT; -- accounts' newest entries, now and then

-- Groups by their first sequence, with the results.
CREATE TABLE history_group (place INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
-- Totals by bucket after a sequence, now and then.
CREATE TABLE history_totals (place INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;

-- Assets, buckets and registers.
CREATE TABLE history_opened (
    ledger INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    number INTEGER NOT NULL,
    data   BLOB    NOT NULL,
    PRIMARY KEY (ledger, kind, number)
) STRICT, WITHOUT ROWID;

-- Every 64th entry of an account.
CREATE TABLE history_chain (
    account INTEGER NOT NULL,
    entry   INTEGER NOT NULL,
    PRIMARY KEY (account, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE history_payout (place INTEGER PRIMARY KEY, head BLOB NOT NULL, ahead BLOB NOT NULL) STRICT;
CREATE TABLE history_ahead (
    place   INTEGER NOT NULL, -- of the payout
    segment INTEGER NOT NULL, -- of 4,096 holders, from 1
    data    BLOB    NOT NULL,
    PRIMARY KEY (place, segment)
) STRICT, WITHOUT ROWID;
CREATE TABLE history_detail (
    place  INTEGER NOT NULL, -- of the payout
    holder INTEGER NOT NULL, -- the first
    data   BLOB    NOT NULL,
    PRIMARY KEY (place, holder)
) STRICT, WITHOUT ROWID;
CREATE TABLE history_timeline (
    register INTEGER NOT NULL,
    payout   INTEGER NOT NULL,
    PRIMARY KEY (register, payout)
) STRICT, WITHOUT ROWID;
-- Payouts that undo, few.
CREATE TABLE history_undo (place INTEGER PRIMARY KEY, register INTEGER NOT NULL) STRICT;

-- Changes of holdings, by account and by holder.
CREATE TABLE history_holding (
    account INTEGER NOT NULL,
    change  INTEGER NOT NULL,
    data    BLOB    NOT NULL,
    PRIMARY KEY (account, change)
) STRICT, WITHOUT ROWID;
CREATE TABLE history_holder (
    register INTEGER NOT NULL,
    holder   INTEGER NOT NULL,
    change   INTEGER NOT NULL,
    account  INTEGER NOT NULL,
    PRIMARY KEY (register, holder, change)
) STRICT, WITHOUT ROWID;
-- All holdings of an account just after a change, now and then.
CREATE TABLE history_fold (
    account INTEGER NOT NULL,
    change  INTEGER NOT NULL,
    data    BLOB    NOT NULL,
    PRIMARY KEY (account, change)
) STRICT, WITHOUT ROWID;

-- Ids of commands by the millisecond that they name; those that crowd one millisecond.
CREATE TABLE history_id (place INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE history_crowd (
    place INTEGER NOT NULL,
    rest  BLOB    NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (place, rest)
) STRICT, WITHOUT ROWID;
CREATE TABLE history_reference (
    ledger   INTEGER NOT NULL,
    type     INTEGER NOT NULL,
    value    BLOB    NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (ledger, type, value, sequence)
) STRICT, WITHOUT ROWID;

-- Entries and payouts whose effective date is not their booking date, by the order of size of the days between.
CREATE TABLE history_shift (
    owner     INTEGER NOT NULL, -- account
    class     INTEGER NOT NULL,
    effective INTEGER NOT NULL,
    entry     INTEGER NOT NULL,
    booked    INTEGER NOT NULL,
    debit     INTEGER NOT NULL,
    credit    INTEGER NOT NULL,
    PRIMARY KEY (owner, class, effective, entry)
) STRICT, WITHOUT ROWID;
CREATE TABLE history_payout_shift (
    owner     INTEGER NOT NULL, -- register
    class     INTEGER NOT NULL,
    effective INTEGER NOT NULL,
    payout    INTEGER NOT NULL,
    booked    INTEGER NOT NULL,
    PRIMARY KEY (owner, class, effective, payout)
) STRICT, WITHOUT ROWID;
-- What commands whose effective date is not their booking date booked, by bucket.
CREATE TABLE history_shift_totals (
    ledger    INTEGER NOT NULL,
    effective INTEGER NOT NULL,
    sequence  INTEGER NOT NULL,
    bucket    INTEGER NOT NULL,
    booked    INTEGER NOT NULL,
    data      BLOB    NOT NULL,
    PRIMARY KEY (ledger, effective, sequence, bucket)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_shift_totals_booked ON history_shift_totals (ledger, booked);
