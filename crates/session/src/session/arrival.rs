/// What became of the session's cookie when the request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arrival {
    /// There was none.
    Absent,
    /// It opened and holds.
    Accepted,
    /// It opened and holds, as far as the cookie can tell: the ledger did not answer, so it may have been ended.
    Unchecked,
    /// It opened, but the ledger knows that the session was ended. It is kept: the browser may hold a newer one by
    /// the time the response arrives.
    Ended,
    /// It opened, but its idle or absolute timeout is over, or its payload's life. It is kept, the browser drops it
    /// by itself.
    Expired,
    /// Its key, version or payload version is unknown here. It is kept, another replica may know it.
    Unknown,
    /// Chunks are missing or of different values. They are kept.
    Incomplete,
    /// It was altered. It is removed, unless the request signs in.
    Tampered,
}
