-- Times are milliseconds since the Unix epoch. Identifiers are UUIDs as text, so that a person can read the tables.

CREATE TABLE users (
    id               TEXT    PRIMARY KEY NOT NULL,
    email            TEXT    NOT NULL UNIQUE,          -- lower-cased on the way in
    unverified_email TEXT,                             -- waits for its verification link
    password_hash    TEXT,                             -- argon2id, PHC string; NULL until the person sets one
    is_admin         INTEGER NOT NULL DEFAULT 0,
    is_verified      INTEGER NOT NULL DEFAULT 0,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A family starts at a sign-in (or an e-mailed link) and ends as a whole.
CREATE TABLE families (
    id         TEXT    PRIMARY KEY NOT NULL,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX families_of_user ON families (user_id);

-- A token is kept as its SHA-256 only. A used one stays, so that its reuse is noticed.
CREATE TABLE refresh_tokens (
    hash       BLOB    PRIMARY KEY NOT NULL,
    family_id  TEXT    NOT NULL REFERENCES families (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_of_family ON refresh_tokens (family_id);

-- What must be known to answer a refresh with the same Idempotency-Key again: no token, only what went into them.
CREATE TABLE refresh_answers (
    token_hash        BLOB    PRIMARY KEY NOT NULL REFERENCES refresh_tokens (hash) ON DELETE CASCADE,
    key_hash          BLOB    NOT NULL,
    email             TEXT    NOT NULL,
    issued_at         INTEGER NOT NULL,
    access_expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_answers_by_age ON refresh_answers (issued_at);

-- user_id and email are what the presented token proved; both are NULL when it proved nothing.
CREATE TABLE action_requests (
    id         TEXT    PRIMARY KEY NOT NULL,
    action     TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    user_id    TEXT,
    email      TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- E-mails that were promised in the same transaction as what they are about, and are not sent yet.
CREATE TABLE mail_jobs (
    id         TEXT    PRIMARY KEY NOT NULL,
    kind       TEXT    NOT NULL,
    email      TEXT    NOT NULL,
    user_id    TEXT    REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
