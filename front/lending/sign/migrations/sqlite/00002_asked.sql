-- +goose Up
-- How often a code was sent for a document: guesses are bounded by it.
ALTER TABLE sign_request ADD COLUMN asked INTEGER NOT NULL DEFAULT 1;
