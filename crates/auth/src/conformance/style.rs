use std::time::Duration;

use crate::{Field, RefreshTiming};

/// What a back end does, as its provider declares it.
#[derive(Debug, Clone)]
pub struct Style {
    /// For the messages of failed assertions.
    pub name: &'static str,
    /// How long an access token lives.
    pub access_life: Duration,
    /// When the provider wants to refresh.
    pub timing: RefreshTiming,
    /// What becomes of the refresh token when it is used.
    pub rotation: Rotation,
    /// Where the grant keeps it.
    pub refresh_field: Field,
    /// What using it again does.
    pub reuse: Reuse,
    /// Whether a sign-out ends the access token, too, and not only the means to get another.
    pub sign_out_ends_access: bool,
    /// Whether a sign-out sends the browser on.
    pub sign_out_redirects: bool,
}

/// What using a refresh token again does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// Nothing.
    Free,
    /// The repetition is recognised and gets the same answer.
    Recognised,
    /// It ends the session that the token belongs to.
    EndsTheSession,
    /// It ends every session of the person.
    EndsEverySession,
    /// Nothing, once the last access token has ended; before that it ends the session.
    EndsTheSessionWhileAccessLives,
}

/// What becomes of a refresh token that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It is spent, and a new one takes its place.
    New,
    /// It stays as it is.
    Kept,
}
