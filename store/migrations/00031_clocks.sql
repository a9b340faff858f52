-- An answer stops a case's clock, and it runs again for as long when the customer
-- writes. NULL where it has run since the case was opened. The words in braces are
-- those of 00001.

-- +goose Up
ALTER TABLE cases ADD COLUMN clock_at {int}; -- when the clock last began
