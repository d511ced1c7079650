-- What happened to an account, for its own person. `browser` is in words, such as `Firefox on Linux`.
CREATE TABLE events (
    id               INTEGER PRIMARY KEY,
    user_id          TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind             TEXT    NOT NULL,
    at               INTEGER NOT NULL,
    browser          TEXT,
    address          TEXT,
    by_administrator INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX events_of_user ON events (user_id, at);
CREATE INDEX events_by_age ON events (at);

-- The family of an e-mailed link. Its first refresh is a sign-in, which clears this.
ALTER TABLE families ADD COLUMN by_link INTEGER NOT NULL DEFAULT 0;
-- Who asked, in JSON. See `mail_jobs::Notice` and `client::Client`.
ALTER TABLE mail_jobs ADD COLUMN notice TEXT;
ALTER TABLE action_requests ADD COLUMN client TEXT;
