-- Addresses that were replaced, and the way back to each. The token itself is derived, and never stored.
CREATE TABLE address_changes (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,      -- the order of changes, also within one millisecond
    id         TEXT    NOT NULL UNIQUE,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    old_email  TEXT    NOT NULL,
    token_hash BLOB    NOT NULL UNIQUE,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX address_changes_of_user ON address_changes (user_id);
CREATE INDEX address_changes_by_email ON address_changes (old_email);

-- Access tokens from before this moment are refused.
ALTER TABLE users ADD COLUMN tokens_after INTEGER;
