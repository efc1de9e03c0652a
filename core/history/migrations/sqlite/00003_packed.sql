-- +goose Up
-- Blocks of entries are packed from now on. Nothing changes here, but an older program says that it needs a newer one.
SELECT 1;
