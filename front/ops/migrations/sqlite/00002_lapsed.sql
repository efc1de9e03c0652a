-- +goose Up
ALTER TABLE ops_proposal ADD COLUMN lapsed TEXT NOT NULL DEFAULT ''; -- why it was not carried out after it was approved
