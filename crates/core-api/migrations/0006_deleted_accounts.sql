-- Replaced addresses outlive their account: until their seven days are over, nobody else gets them. SQLite cannot drop
-- a reference, so the table is made again. The copy is elsewhere, so that no page of this file is left unused.
CREATE TEMP TABLE changes_so_far AS SELECT * FROM address_changes;
DROP TABLE address_changes;
CREATE TABLE address_changes (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,      -- the order of changes, also within one millisecond
    id         TEXT    NOT NULL UNIQUE,
    user_id    TEXT    NOT NULL,                       -- perhaps of a deleted account
    old_email  TEXT    NOT NULL,
    token_hash BLOB    NOT NULL UNIQUE,
    changed_at INTEGER NOT NULL
) STRICT;

INSERT INTO address_changes (number, id, user_id, old_email, token_hash, changed_at)
SELECT number, id, user_id, old_email, token_hash, changed_at FROM changes_so_far;
DROP TABLE changes_so_far;
CREATE INDEX address_changes_of_user ON address_changes (user_id);
CREATE INDEX address_changes_by_email ON address_changes (old_email);

-- What tells a person about their account is sent, even if the account is deleted before.
UPDATE mail_jobs SET user_id = NULL WHERE kind != 'EMAIL_VERIFICATION';
