-- +goose Up
CREATE INDEX plan_event_all ON plan_event (tenant, due, id); -- for lists of all states
