-- The browsers in which a person has signed in, each as a hash.
CREATE TABLE devices (
    user_id TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash    BLOB    NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

-- Who has signed in before, and how many e-mails about new browsers they got since then.
CREATE TABLE sign_ins (
    user_id      TEXT    PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    mailed       INTEGER NOT NULL DEFAULT 0,
    mailed_since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
