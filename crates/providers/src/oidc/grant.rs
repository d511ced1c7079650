//! What the grant holds for this provider. The numbers are sealed into cookies: never reuse one.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ironleaf_auth::{Field, Grant, SecretText};
use sha2::{Digest as _, Sha256};

use super::wire::Tokens;

pub(super) const ACCESS_TOKEN: Field = 1;
pub(super) const REFRESH_TOKEN: Field = 2;
/// The newest ID token, which the provider's sign-out wants to see (`id_token_hint`).
pub(super) const ID_TOKEN: Field = 3;
/// A hash of the nonce of the sign-in, which an ID token of a refresh may repeat.
pub(super) const NONCE: Field = 4;
/// A hash of issuer and client. The tokens go nowhere else, also after the settings were changed.
pub(super) const ISSUED_BY: Field = 5;

/// A longer ID token is not kept: it would take too much of the session cookie, and the provider's sign-out works
/// without it, with one question more.
const LONGEST_ID_TOKEN_BYTES: usize = 2048;

/// Puts fresh tokens in place of the old ones. What is known of the person stays.
pub(super) fn replace_tokens(grant: &mut Grant, tokens: &Tokens, received_at: SystemTime, max_age: Duration) {
    grant.access_expires_at = tokens.lifetime.and_then(|lifetime| received_at.checked_add(lifetime));
    grant.access_lifetime = tokens.lifetime;
    grant.set(ACCESS_TOKEN, tokens.access_token.clone());
    if let Some(token) = &tokens.refresh_token {
        grant.set(REFRESH_TOKEN, token.clone());
    }
    let life = tokens.refresh_lifetime.map_or(max_age, |life| life.min(max_age));
    grant.refresh_expires_at = received_at.checked_add(life);
}

/// Keeps a verified ID token for the sign-out.
pub(super) fn keep_id_token(grant: &mut Grant, token: &SecretText) {
    if token.expose().len() <= LONGEST_ID_TOKEN_BYTES {
        grant.set(ID_TOKEN, token.clone());
        return;
    }
    grant.remove(ID_TOKEN);
    tracing::info!(
        bytes = token.expose().len(),
        "the ID token is too long to be kept: at sign-out, the provider may ask the person to confirm"
    );
}

/// Marks the grant as one of this client, and of the sign-in with this nonce.
pub(super) fn mark(grant: &mut Grant, issued_by: &str, nonce: &str) {
    grant.set(ISSUED_BY, issued_by);
    grant.set(NONCE, hash(&[b"nonce", nonce.as_bytes()]));
}

/// The mark of grants of this client of this issuer.
pub(super) fn issued_by(issuer: &str, client_id: &str) -> String {
    hash(&[b"issued-by", issuer.as_bytes(), client_id.as_bytes()])
}

/// Whether the tokens of the grant are of this client of this issuer.
pub(super) fn is_issued_by(grant: &Grant, issued_by: &str) -> bool {
    grant.field(ISSUED_BY).is_some_and(|mark| mark.expose() == issued_by)
}

/// Whether this is the nonce of the sign-in.
pub(super) fn is_nonce(grant: &Grant, nonce: &str) -> bool {
    grant.field(NONCE).is_some_and(|known| known.expose() == hash(&[b"nonce", nonce.as_bytes()]))
}

/// 96 bits: they only have to tell honest values apart, and take little of a cookie.
fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new_with_prefix(b"ironleaf/v1/oidc");
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..12])
}
