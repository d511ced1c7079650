-- One row that readiness counts up: a file that can be read and not written is not ready. The number means nothing. It
-- differs each time, because SQLite writes no page that stays as it was.
CREATE TABLE checks (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    count    INTEGER NOT NULL
) STRICT;

INSERT INTO checks VALUES (1, 0);
