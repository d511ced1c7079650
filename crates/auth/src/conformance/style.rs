use std::time::Duration;

use crate::{Field, RefreshTiming};

/// How a back end behaves, as its provider declares it.
#[derive(Debug, Clone)]
pub struct Style {
    /// The name in messages of failed assertions.
    pub name: &'static str,
    /// The lifetime of an access token.
    pub access_life: Duration,
    /// When the provider wants to refresh.
    pub timing: RefreshTiming,
    /// What happens to a refresh token that is used.
    pub rotation: Rotation,
    /// The field of the grant that holds it.
    pub refresh_field: Field,
    /// What using it again does.
    pub reuse: Reuse,
    /// Whether a sign-out also ends the access token, and not only the refresh token.
    pub sign_out_ends_access: bool,
    /// Whether a sign-out redirects the browser.
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
    /// Nothing after the last access token has expired. Before that, it ends the session.
    EndsTheSessionWhileAccessLives,
}

/// What happens to a refresh token that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It is spent, and a new one takes its place.
    New,
    /// It stays valid.
    Kept,
}
