//! What the layer adds to a response whose session was not written, so that an outer layer can answer accordingly.

/// The session does not fit the header budget. It was not written, and the browser keeps the old cookie.
///
/// The layer logs this as an error and puts it into the response's extensions. An outer layer can turn the response
/// into a page that says so. To check in advance, a handler calls [`Session::fits`](crate::Session::fits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session takes {needed_bytes} bytes of the Cookie header, {budget_bytes} are allowed")]
pub struct SessionTooLarge {
    /// How many bytes the session would take.
    pub needed_bytes: usize,
    /// How many bytes [`header_budget_bytes`](crate::SessionSettings::header_budget_bytes) allows.
    pub budget_bytes: usize,
}

/// The response changed the session, but another response based on the same cookie left before it. The change was not
/// written, and the browser keeps the other one.
///
/// The layer logs this as a warning and puts it into the response's extensions. An outer layer can answer "try again".
/// Only a [`Ledger`](crate::Ledger) can notice this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another response changed the session first; this change was not written")]
pub struct Overtaken;

/// The session that began with this response was ended before the response left, for example by a sign-out everywhere.
/// No cookie was sent.
///
/// The layer logs this as a warning and puts it into the response's extensions. Whoever began the session also learns
/// it from [`Leaving`](crate::Leaving).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session was ended before the response that starts it was sent; it was not written")]
pub struct Refused;
