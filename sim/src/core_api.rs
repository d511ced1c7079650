//! A model of the back end of each style, which speaks as the real one does: sign-in, refresh with or without rotation,
//! and the cost of reusing a token.
//!
//! It has no faults. It signs what our code checks, which most access tokens are not.

mod answer;
mod authorization;
mod call;
mod effect;
mod ids;
mod message;
mod model;
mod openid;
mod people;
mod refresh;
mod sessions;
mod sign_ins;
mod signing;
mod state;
mod styles;
mod times;
mod tokens;

pub(crate) use authorization::{AtPage, CLIENT_ID, CodeId, ISSUER};
pub(crate) use call::{Call, CartCall};
pub(crate) use effect::Effect;
pub(crate) use ids::{FamilyId, PersonId};
pub(crate) use message::json;
pub(crate) use model::CoreApi;
pub(crate) use openid::{CLIENT_SECRET, ROLES_CLAIM};
pub(crate) use people::{address_of, guest_id, ip_of, person_in, shown_to, subject_of, version_in};
pub(crate) use state::{Cart, Revoked};
pub(crate) use times::{ACCESS_TTL, GRACE, REPEATABLE_FOR, SESSION_LIFE};
#[cfg(test)]
pub(crate) use tokens::Access;
