use std::time::Duration;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// A page that calls the core API.
    Page,
    /// A page that does not.
    Home,
    SignIn,
    SignOut,
}

/// One request, and what the network does to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) what: What,
    /// The answer never arrives.
    pub(crate) response_lost: bool,
    /// The tab is closed so long after the request reached the replica.
    pub(crate) cancelled_after: Option<Duration>,
}

impl Ask {
    pub(crate) const fn plain(what: What) -> Self {
        Self { what, response_lost: false, cancelled_after: None }
    }
}
