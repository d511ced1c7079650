//! How a session begins, and what becomes of the cookie that says so.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::SystemTime,
};

use tokio::sync::oneshot;

use crate::Owner;

/// What [`Session::insert`](crate::Session::insert) has to know of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// Whose session it is.
    pub owner: Owner,
    /// The id that the provider gave the session, where it gives one.
    pub provider_sid: Option<String>,
    /// When the owner proved who they are. `None`, and a time to come, is now.
    pub authenticated_at: Option<SystemTime>,
    /// The session begins no earlier than that. Where it is the latest `not_before` of the tombstones that existed when
    /// the sign-in began, the session is newer than all of them, even than one written by a clock that is ahead. The
    /// absolute timeout counts from there as well.
    pub not_before: Option<SystemTime>,
}

impl Beginning {
    /// A sign-in of this owner, here and now.
    pub fn of(owner: Owner) -> Self {
        Self { owner, provider_sid: None, authenticated_at: None, not_before: None }
    }
}

/// Tells what became of the cookie of an inserted session, once that is certain. Without interest in it, drop it.
///
/// It always resolves, however the request ends. It does so when the response leaves, so whoever answers the request must
/// not wait for it: a task of its own can.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is awaited; drop it where nobody needs to know"]
pub struct Leaving(oneshot::Receiver<Left>);

/// What became of the cookie of an inserted session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It was handed to the layers further out, with the response.
    Written,
    /// The ledger knows that the session has ended, or a newer rotation of it. No cookie was sent.
    Refused,
    /// The session was over the header budget. No cookie was sent.
    TooLarge,
    /// The request was dropped before its response left (a closed connection, a panic), or it has replaced or destroyed
    /// the session again. No cookie was sent.
    Cut,
}

/// The end on which the layer tells.
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
