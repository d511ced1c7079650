-- Passkeys. `credential` has what the next sign-in needs, in JSON: the public key, the signature counter and the state of its
-- backup. There is no secret in it.
CREATE TABLE passkeys (
    id            TEXT    PRIMARY KEY NOT NULL,
    user_id       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id BLOB    NOT NULL UNIQUE,             -- chosen by the authenticator
    credential    TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    last_used_at  INTEGER,
    blocked_at    INTEGER                              -- its counter went back: perhaps somebody has a copy
) STRICT, WITHOUT ROWID;

CREATE INDEX passkeys_of_user ON passkeys (user_id, created_at);

-- Registrations and sign-ins that were completed, each until it would have expired: none is completed twice.
CREATE TABLE completed_ceremonies (
    hash       BLOB    PRIMARY KEY NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
