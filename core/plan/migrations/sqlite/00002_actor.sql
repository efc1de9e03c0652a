-- +goose Up
ALTER TABLE plan_event ADD COLUMN actor BLOB CHECK (length(actor) = 16); -- principal that retried or cancelled it last
