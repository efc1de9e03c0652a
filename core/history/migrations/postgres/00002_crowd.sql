-- +goose Up
-- Whatever the journal holds can be told, an id that was used twice too.
ALTER TABLE history_crowd DROP CONSTRAINT history_crowd_pkey;
ALTER TABLE history_crowd ADD PRIMARY KEY (place, rest, sequence);
