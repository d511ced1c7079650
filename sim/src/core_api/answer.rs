//! The answers of a back end, whatever they look like on the wire.

use std::sync::Arc;

use super::authorization::PushedId;
use super::ids::{FamilyId, PersonId};
use super::signing::Published;

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    Tokens(Pair),
    User {
        person: PersonId,
        email: u32,
    },
    /// The cart of this guest.
    Cart {
        guest: FamilyId,
        /// The person whose cart it is by now.
        person: Option<PersonId>,
    },
    /// The list of sign-ins. The session has its full life again, or not.
    Sessions {
        renewed: Option<FamilyId>,
    },
    /// `SESSION_NOT_FRESH`.
    NotFresh {
        renewed: Option<FamilyId>,
    },
    /// 200 with the body `null`.
    Nobody,
    /// A form was taken. The value against forged requests comes along in another form.
    Written {
        family: FamilyId,
        generation: u32,
        mask: u64,
    },
    Forbidden,
    Metadata,
    Keys(Published),
    Pushed(PushedId),
    Claims {
        person: PersonId,
        email: u32,
    },
    Done,
    InvalidCredentials,
    Unauthorized,
    NotFound,
}

/// An access token and a refresh token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pair {
    pub(crate) person: PersonId,
    /// How often the address was changed.
    pub(crate) email: u32,
    pub(crate) family: FamilyId,
    pub(crate) is_guest: bool,
    pub(crate) generation: u32,
    /// The number in the refresh token: the generation, or 0 where it stays the same.
    pub(crate) refresh_number: u32,
    /// How long the refresh token is good, from now on.
    pub(crate) refresh_ttl_secs: u64,
    /// Whether the session has its full life again, in the style in which a refresh alone does not give it that.
    pub(crate) renewed: bool,
    pub(crate) issued_at: u64,
    pub(crate) expires_at: u64,
    pub(crate) ttl_secs: u64,
    /// When it is told, by the API's clock with its head start.
    pub(crate) now: u64,
    /// When it is told, and when the person signed in, by the API's clock without its head start.
    pub(crate) told_at: u64,
    pub(crate) authenticated_at: u64,
    /// That of the sign-in, in the style that has one.
    pub(crate) nonce: Option<Arc<str>>,
    /// The number of the key that signs what is told about the person.
    pub(crate) key: u32,
}
