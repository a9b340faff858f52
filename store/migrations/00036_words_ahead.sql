-- Nobody has said anything later than now. A yes of later than that, by an import or a
-- clock that was wrong, won over every no since: it is a no where a message of its topic
-- was answered with an unsubscribe, and else as old as can be. A no is of now.

-- +goose Up
UPDATE consents SET granted = 0, source = 'one_click' WHERE at > {now} AND granted = 1 AND EXISTS (
    SELECT 1 FROM deliveries d
    WHERE d.customer = consents.customer AND d.topic = consents.topic AND d.channel = consents.channel AND d.status = 'unsubscribed');
UPDATE consents SET at = 0 WHERE at > {now} AND granted = 1;
UPDATE consents SET at = {now} WHERE at > {now};
