//! Access and refresh tokens, as text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::AUTHORIZATION;
use ironleaf_auth::Request;
use serde::{Deserialize, Serialize};

use super::answer::Pair;
use super::ids::{FamilyId, PersonId};
use super::people::{address_of, person_of, subject_of};

/// `{"alg":"EdDSA"}`.
const JWT_HEADER: &str = "eyJhbGciOiJFZERTQSJ9";
/// The length of an Ed25519 signature: 64 bytes.
const JWT_SIGNATURE_CHARS: usize = 86;
/// An access token with this many groups does not fit into one of our cookies.
const CLAIMS_PADDING: usize = 3400;
/// One in this many people has a token of that size.
const PEOPLE_PER_LARGE_TOKEN: u32 = 5;

/// The content of an access token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Access {
    pub(crate) person: PersonId,
    pub(crate) family: FamilyId,
    pub(crate) generation: u32,
    /// In seconds since 1970.
    pub(crate) expires_at: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Claims {
    sub: String,
    email: String,
    iat: u64,
    exp: u64,
    fam: u32,
    generation: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    groups: String,
}

impl Claims {
    /// What an access token of this pair says. Where tokens can be large, those of some people are.
    pub(super) fn of(pair: &Pair, can_be_large: bool) -> Self {
        let is_large = can_be_large && pair.person.0.is_multiple_of(PEOPLE_PER_LARGE_TOKEN);
        Self {
            sub: subject_of(pair.person),
            email: address_of(pair.person, pair.email),
            iat: pair.issued_at,
            exp: pair.expires_at,
            fam: pair.family.0,
            generation: pair.generation,
            groups: if is_large { "g".repeat(CLAIMS_PADDING) } else { String::new() },
        }
    }
}

impl Access {
    /// The access token that a request carries.
    pub(super) fn of(request: &Request) -> Option<Self> {
        Self::read(request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?)
    }

    pub(super) fn read(token: &str) -> Option<Self> {
        let claims: Claims = payload(token)?;
        Some(Self {
            person: person_of(&claims.email)?,
            family: FamilyId(claims.fam),
            generation: claims.generation,
            expires_at: claims.exp,
        })
    }
}

/// A token that nobody here checks: the API knows its own.
pub(super) fn unsigned<T: Serialize>(claims: &T) -> String {
    let claims = serde_json::to_vec(claims).unwrap_or_default();
    let signature = "A".repeat(JWT_SIGNATURE_CHARS);
    format!("{JWT_HEADER}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims))
}

/// The claims of a token.
pub(super) fn payload<T: for<'a> Deserialize<'a>>(token: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?).ok()
}

pub(super) fn access_token(pair: &Pair, can_be_large: bool) -> String {
    unsigned(&Claims::of(pair, can_be_large))
}

pub(super) fn refresh_token(pair: &Pair) -> String {
    format!("rt-{}-{}", pair.family.0, pair.refresh_number)
}

pub(super) fn read_refresh_token(text: &str) -> Option<(FamilyId, u32)> {
    let (family, number) = text.strip_prefix("rt-")?.split_once('-')?;
    Some((FamilyId(family.parse().ok()?), number.parse().ok()?))
}
