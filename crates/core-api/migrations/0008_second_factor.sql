-- The authenticator app of a person. The secret is sealed under a key of the key file.
CREATE TABLE authenticators (
    user_id    TEXT    PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret     BLOB    NOT NULL,
    enabled_at INTEGER,                                -- NULL until a first code shows that the app has the secret
    last_step  INTEGER,                                -- of the newest accepted code: none is accepted twice
    failures   INTEGER NOT NULL DEFAULT 0,             -- wrong codes since the last right one
    failed_at  INTEGER
) STRICT, WITHOUT ROWID;

-- A recovery code is kept as its SHA-256 only, until it is used.
CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash    BLOB NOT NULL,
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

-- Sign-ins that wait for their second step. A token is kept as its SHA-256 only.
CREATE TABLE challenges (
    hash       BLOB    PRIMARY KEY NOT NULL,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    end_others INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX challenges_of_user ON challenges (user_id, expires_at);
