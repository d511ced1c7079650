-- What health writes and takes away again: it finds out whether there is room.
CREATE TABLE checks (
    filler BLOB NOT NULL
) STRICT;
