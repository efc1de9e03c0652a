-- +goose Up
-- With all that the list of overdue loans shows, it is read from one end to the other: a million loans are not looked up one by one.
DROP INDEX lending_loan_oldest;
CREATE INDEX lending_loan_oldest ON lending_loan (tenant, oldest, id) INCLUDE (borrower, product, days, principal) WHERE oldest IS NOT NULL;
