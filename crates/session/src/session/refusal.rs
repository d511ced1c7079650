//! What the layer leaves in a response whose session was not written, for a layer further out to answer with.

/// The session does not fit the header budget, so it was not written and the browser keeps the old cookie.
///
/// The layer logs it as an error and puts it into the response's extensions, where a layer further out can
/// turn the response into a page that says so. A handler that wants to know before asks
/// [`Session::fits`](crate::Session::fits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session takes {needed_bytes} bytes of the Cookie header, {budget_bytes} are allowed")]
pub struct SessionTooLarge {
    /// What the session would take.
    pub needed_bytes: usize,
    /// What [`header_budget_bytes`](crate::SessionSettings::header_budget_bytes) allows.
    pub budget_bytes: usize,
}

/// The response changed the session, and another one that was built on the same cookie has left before it. The change
/// was not written, and the browser keeps the other one.
///
/// The layer logs it as a warning and puts it into the response's extensions, where a layer further out can answer
/// "try again". It takes a [`Ledger`](crate::Ledger) to notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another response has changed the session meanwhile; this change was not written")]
pub struct Overtaken;

/// The session that began with this response was ended before the response left, such as by a sign-out everywhere. No
/// cookie was sent.
///
/// The layer logs it as a warning and puts it into the response's extensions. Whoever began the session learns it from
/// [`Leaving`](crate::Leaving) as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session was ended before the response that begins it could leave; it was not written")]
pub struct Refused;
