//! Passkeys (W3C Web Authentication): registered by whoever is signed in, and used in place of a password.
//!
//! # Security
//!
//! - A passkey is bound to the domain of the application, and to the origin that the browser states. The
//!   authenticator must have verified the person (PIN, fingerprint, face), so a sign-in with a passkey counts as both
//!   steps.
//! - What a registration or a sign-in has begun with is [sealed](ceremony) and kept by the caller. So nobody fills
//!   the database by beginning. It is good once, for ten minutes.
//! - A signature counter that does not grow shows that the key may have been copied. The passkey is blocked, and its
//!   person is told. The same answer again shows nothing, nor does one to a sign-in that began before the last use:
//!   answers may arrive twice, and overtake each other.
//! - Only a person with a verified address adds a passkey. Otherwise, whoever registers with somebody else's address
//!   could leave one behind, and use it after the owner has verified the address and set a password.
//! - The e-mail about a new passkey has a way back, which removes the passkey.
//! - Whoever sets a password by an e-mailed link after a change of address is rid of passkeys from before it.

mod ceremony;
mod own;
mod registration;
mod relying_party;
mod sign_in;
pub(crate) mod stored;

pub(crate) use self::{
    registration::NewPasskey,
    relying_party::{RelyingParty, RelyingPartyError},
    sign_in::PasskeySignIn,
};
