//! How a session begins, and what happens to its first cookie.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::SystemTime,
};

use tokio::sync::oneshot;

use crate::Owner;

/// What [`Session::insert`](crate::Session::insert) needs to know about a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// Whose session it is.
    pub owner: Owner,
    /// The provider's id of the session, if it has one.
    pub provider_sid: Option<String>,
    /// When the owner proved who they are. `None` or a future time means now.
    pub authenticated_at: Option<SystemTime>,
    /// The earliest time at which the session can begin. Set it to the latest `not_before` of the tombstones that
    /// existed when the sign-in began. The session is then newer than all of them, even if a clock ahead of ours wrote
    /// one. The absolute timeout also counts from that time.
    pub not_before: Option<SystemTime>,
}

impl Beginning {
    /// A sign-in of this owner, now.
    pub fn of(owner: Owner) -> Self {
        Self { owner, provider_sid: None, authenticated_at: None, not_before: None }
    }
}

/// Tells what happened to the cookie of an inserted session, once that is certain. Drop it if you do not need the answer.
///
/// It always resolves, however the request ends. It does so when the response leaves, so the handler of the request
/// must not wait for it; a separate task can.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is awaited; drop it where nobody needs to know"]
pub struct Leaving(oneshot::Receiver<Left>);

/// What happened to the cookie of an inserted session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It was passed to the outer layers with the response.
    Written,
    /// The ledger knows that the session has ended, or knows a newer rotation of it. No cookie was sent.
    Refused,
    /// The session was over the header budget. No cookie was sent.
    TooLarge,
    /// The request was dropped before its response left (a closed connection, a panic), or it replaced or destroyed the
    /// session again. No cookie was sent.
    Cut,
}

/// The sending end, which the layer uses.
pub(crate) type Teller = oneshot::Sender<Left>;

impl Leaving {
    pub(super) fn new() -> (Teller, Self) {
        let (teller, receiver) = oneshot::channel();
        (teller, Self(receiver))
    }
}

impl Future for Leaving {
    type Output = Left;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Left> {
        Pin::new(&mut self.0).poll(task).map(|told| told.unwrap_or(Left::Cut))
    }
}
