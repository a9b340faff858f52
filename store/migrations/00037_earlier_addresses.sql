-- By what people could be reached before: a complaint or a stop stays on the suppression
-- list for an address that nobody has any more, and an erasure takes it out of there. The
-- words in braces are those of 00001.

-- +goose Up
CREATE TABLE earlier_addresses (
    customer TEXT NOT NULL, held TEXT NOT NULL, address TEXT NOT NULL, -- held: email or phone
    PRIMARY KEY (customer, held, address)
) {table};
