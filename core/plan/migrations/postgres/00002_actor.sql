-- +goose Up
ALTER TABLE plan_event ADD COLUMN actor bytea CHECK (length(actor) = 16); -- principal that retried or cancelled it last
