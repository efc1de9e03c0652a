-- +goose Up
CREATE INDEX plan_event_done ON plan_event (changed) WHERE state = 2; -- what is removed after a time
