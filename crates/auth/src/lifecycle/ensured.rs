use std::time::Duration;

use crate::{EndReason, Grant, HeadsError, KeptHead};

/// The result of reading a head, by [`Lifecycle::read_head`](crate::Lifecycle::read_head) or by the caller beforehand.
pub type HeadRead = Result<Option<KeptHead>, HeadsError>;

/// A grant that is newer than the one of the request.
#[derive(Debug, Clone)]
pub struct Rotated {
    /// Its rotation.
    pub rotation: u64,
    /// The grant, to be sealed into the response to this request.
    pub grant: Grant,
}

/// What a request can continue with.
#[derive(Debug)]
pub enum Ensured {
    /// There is a usable access token: that of the request's own grant, or of a newer one.
    Usable(Option<Rotated>),
    /// The session has ended.
    Ended(EndReason),
    /// The grant could not be renewed, but it is not lost.
    Unavailable {
        /// A grant that is newer than the request's, if there is one.
        newest: Option<Rotated>,
        /// Whether the access token can be used in the meantime.
        access_lives: bool,
        /// When it may help to ask again, if that is known.
        retry_after: Option<Duration>,
        /// What went wrong, for a page that explains itself to operators. It has been logged.
        detail: String,
    },
}
