-- A write removes the old row and inserts a new one, so that the row's number is the version of the record and the order
-- of writes. AUTOINCREMENT keeps numbers from coming again.
CREATE TABLE records (
    version   INTEGER PRIMARY KEY AUTOINCREMENT,
    key       BLOB NOT NULL UNIQUE,
    mark      BLOB NOT NULL,
    ends      INTEGER NOT NULL, -- milliseconds since 1970, as everywhere here
    eviction  INTEGER,          -- 0 First, 1 Last; null where there is no body
    body_ends INTEGER,
    body      BLOB,             -- the last column: whoever reads only the others does not load it
    CHECK ((body IS NULL) = (eviction IS NULL) AND (body IS NULL) = (body_ends IS NULL))
) STRICT;

CREATE INDEX records_by_end ON records (ends);
CREATE INDEX bodies_by_end ON records (body_ends) WHERE body_ends IS NOT NULL;
-- An index ends with the row's number: of each kind the oldest comes first.
CREATE INDEX bodies_by_eviction ON records (eviction) WHERE eviction IS NOT NULL;

CREATE TABLE leases (
    key    BLOB PRIMARY KEY,
    holder BLOB NOT NULL,
    ends   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX leases_by_end ON leases (ends);

-- One row: what is taken, by bodies that go first, bodies that go last, and all that stays. A record takes 256 bytes
-- beside its bytes, a lease 128: their keys, their places in the indexes, the slack of pages. An estimate. The 256 is in
-- src/sqlite.rs, too.
CREATE TABLE used (
    only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
    fixed_bytes INTEGER NOT NULL,
    first_bytes INTEGER NOT NULL,
    last_bytes  INTEGER NOT NULL
) STRICT;

INSERT INTO used VALUES (1, 0, 0, 0);

CREATE TRIGGER record_comes AFTER INSERT ON records BEGIN
    UPDATE used SET
        fixed_bytes = fixed_bytes + 256 + length(new.mark),
        first_bytes = first_bytes + iif(new.eviction IS 0, length(new.body), 0),
        last_bytes = last_bytes + iif(new.eviction IS 1, length(new.body), 0);
END;

CREATE TRIGGER record_goes AFTER DELETE ON records BEGIN
    UPDATE used SET
        fixed_bytes = fixed_bytes - 256 - length(old.mark),
        first_bytes = first_bytes - iif(old.eviction IS 0, length(old.body), 0),
        last_bytes = last_bytes - iif(old.eviction IS 1, length(old.body), 0);
END;

CREATE TRIGGER body_goes AFTER UPDATE OF body ON records BEGIN
    UPDATE used SET
        first_bytes = first_bytes - iif(old.eviction IS 0, length(old.body), 0),
        last_bytes = last_bytes - iif(old.eviction IS 1, length(old.body), 0);
END;

CREATE TRIGGER lease_comes AFTER INSERT ON leases BEGIN
    UPDATE used SET fixed_bytes = fixed_bytes + 128;
END;

CREATE TRIGGER lease_goes AFTER DELETE ON leases BEGIN
    UPDATE used SET fixed_bytes = fixed_bytes - 128;
END;
