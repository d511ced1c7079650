use std::time::Duration;

use crate::{EndReason, Grant, HeadsError, KeptHead};

/// What came of reading a head: before the lifecycle is asked, or by [`Lifecycle::read_head`](crate::Lifecycle::read_head).
pub type HeadRead = Result<Option<KeptHead>, HeadsError>;

/// A grant newer than the one a request came with.
#[derive(Debug, Clone)]
pub struct Rotated {
    /// Its rotation.
    pub rotation: u64,
    /// The grant, to be sealed into this very response.
    pub grant: Grant,
}

/// What a request has to go on with.
#[derive(Debug)]
pub enum Ensured {
    /// There is an access token that can be used: of the request's own grant, or of a newer one.
    Usable(Option<Rotated>),
    /// The session is over.
    Ended(EndReason),
    /// The grant could not be renewed and is not lost.
    Unavailable {
        /// A grant that is newer than the request's all the same.
        newest: Option<Rotated>,
        /// Whether the access token can serve in the meantime.
        access_lives: bool,
        /// When asking again may help, where that is known.
        retry_after: Option<Duration>,
        /// What went wrong, for a page that explains itself to operators; it has been logged.
        detail: String,
    },
}
