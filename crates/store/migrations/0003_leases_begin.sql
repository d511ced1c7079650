-- When a lease was taken. One from the future was taken by a clock that was ahead, and is nobody's any more.
ALTER TABLE leases ADD COLUMN began INTEGER NOT NULL DEFAULT 0;
