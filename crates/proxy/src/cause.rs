/// Why a stream ends although neither side has ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Its session is over.
    Session,
    /// Nothing has moved for too long.
    Idle,
    /// The process stops.
    Stopping,
}

impl Cause {
    /// For metrics.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Idle => "idle",
            Self::Stopping => "stopping",
        }
    }
}
