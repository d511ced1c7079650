-- Entries of indexes. A write removes the old row and inserts a new one, so that the row's number is the order of writes.
CREATE TABLE entries (
    write   INTEGER PRIMARY KEY AUTOINCREMENT,
    owner   BLOB NOT NULL, -- the index
    name    BLOB NOT NULL,
    written INTEGER NOT NULL,
    ends    INTEGER NOT NULL,
    value   BLOB NOT NULL,
    UNIQUE (owner, name)
) STRICT;

CREATE INDEX entries_by_end ON entries (ends);
CREATE INDEX entries_by_owner ON entries (owner); -- and, as every index, by the order of writes

-- Beside the other counts: a process of an older version, which shares the file for a while, can drop no entry to make
-- room, and must not count on it. An entry takes 320 bytes beside its value. The 320 is in src/sqlite/entries.rs, too.
ALTER TABLE used ADD COLUMN entry_bytes INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER entry_comes AFTER INSERT ON entries BEGIN
    UPDATE used SET entry_bytes = entry_bytes + 320 + length(new.value);
END;

CREATE TRIGGER entry_goes AFTER DELETE ON entries BEGIN
    UPDATE used SET entry_bytes = entry_bytes - 320 - length(old.value);
END;
