-- Besides a change of address, an authenticator app gets its person a way back. That one reserves no address: it is still the
-- one of the account.
ALTER TABLE address_changes ADD COLUMN is_change INTEGER NOT NULL DEFAULT 1;
