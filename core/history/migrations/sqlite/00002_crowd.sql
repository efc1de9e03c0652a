-- +goose Up
-- Whatever the journal holds can be told, an id that was used twice too.
CREATE TABLE history_crowd_new (
    place    INTEGER NOT NULL,
    rest     BLOB    NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (place, rest, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO history_crowd_new SELECT place, rest, sequence FROM history_crowd;
DROP TABLE history_crowd;
ALTER TABLE history_crowd_new RENAME TO history_crowd;
