-- When the account got its address, if it had another one before. Whoever had it then may have left a passkey behind.
ALTER TABLE users ADD COLUMN moved_at INTEGER;
UPDATE users SET moved_at = (SELECT MAX(at) FROM events WHERE user_id = users.id AND kind = 'EMAIL_CHANGED');

-- The former value, which a restored address has again.
ALTER TABLE address_changes ADD COLUMN moved_before_at INTEGER;

-- Whether the family, or the sign-in that waits for its code, has begun with an e-mailed link.
ALTER TABLE families ADD COLUMN of_link INTEGER NOT NULL DEFAULT 0;
ALTER TABLE challenges ADD COLUMN of_link INTEGER NOT NULL DEFAULT 0;
