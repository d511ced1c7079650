use std::time::Duration;

use crate::core_api::CodeId;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// A page that calls the core API.
    Page,
    /// A page that does not.
    Home,
    /// The way to the provider, where people sign in there.
    Start,
    /// The same for a signed-in person who has to prove again who they are.
    Confirm,
    /// By password, or with the provider's answer.
    SignIn,
    SignOut,
}

/// One request, and what the network does to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) what: What,
    /// The provider's answer that is opened.
    pub(crate) code: Option<CodeId>,
    /// The answer never arrives.
    pub(crate) response_lost: bool,
    /// The tab is closed so long after the request reached the replica.
    pub(crate) cancelled_after: Option<Duration>,
    /// The sign-in is that of a guest.
    pub(crate) as_guest: bool,
    /// The replica that gets it, if it is not any.
    pub(crate) replica: Option<usize>,
}

impl Ask {
    pub(crate) const fn plain(what: What) -> Self {
        Self { what, code: None, response_lost: false, cancelled_after: None, as_guest: false, replica: None }
    }

    /// Somebody becomes a guest.
    pub(crate) const fn guest() -> Self {
        Self { as_guest: true, ..Self::plain(What::SignIn) }
    }

    /// The same at this replica.
    pub(crate) const fn at(self, replica: usize) -> Self {
        Self { replica: Some(replica), ..self }
    }

    /// The browser comes back from the provider.
    pub(crate) const fn back_with(code: CodeId) -> Self {
        Self { code: Some(code), ..Self::plain(What::SignIn) }
    }
}
