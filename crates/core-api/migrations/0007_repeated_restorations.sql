-- When the address was taken back. For a while after it, the same token gets the same answer.
ALTER TABLE address_changes ADD COLUMN restored_at INTEGER;
