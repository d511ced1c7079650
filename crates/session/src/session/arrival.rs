/// What happened to the session's cookie when the request arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arrival {
    /// There was none.
    Absent,
    /// It was opened and is valid.
    Accepted,
    /// It was opened and is valid as far as the cookie shows. The ledger did not answer, so the session may have ended.
    Unchecked,
    /// It was opened, but the ledger knows that the session has ended. It is kept until it is
    /// [discarded](crate::Session::discard): the browser may hold a newer one by the time the response arrives.
    Ended,
    /// It was opened, but its idle or absolute timeout is over, or its payload has expired. It is kept; the browser
    /// drops it by itself.
    Expired,
    /// Its key, version or payload version is unknown here. It is kept, because another replica may know it.
    Unknown,
    /// Chunks are missing, or belong to different values. They are kept.
    Incomplete,
    /// It was altered. It is removed, unless the request signs in.
    Tampered,
}
