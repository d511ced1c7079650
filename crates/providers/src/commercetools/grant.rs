//! What the grant holds for this provider. The numbers are sealed into cookies: never reuse one.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ironleaf_auth::{Field, Grant};
use sha2::{Digest as _, Sha256};

use super::CommercetoolsSettings;
use super::wire::Tokens;

pub(super) const ACCESS_TOKEN: Field = 1;
pub(super) const REFRESH_TOKEN: Field = 2;
/// The guest's cart. A customer has none here: theirs belongs to the account, and stays when the session ends.
pub(super) const CART: Field = 3;
/// A hash of authorization server, project and client. The tokens go nowhere else, also after the settings were
/// changed.
pub(super) const ISSUED_BY: Field = 4;

/// Puts fresh tokens in place of the old ones. What is known of the person stays.
pub(super) fn replace_tokens(grant: &mut Grant, tokens: &Tokens, received_at: SystemTime, max_age: Duration) {
    let lifetime = tokens.lifetime.map(|lifetime| lifetime.min(max_age));
    grant.access_expires_at = lifetime.and_then(|lifetime| received_at.checked_add(lifetime));
    grant.access_lifetime = lifetime;
    grant.set(ACCESS_TOKEN, tokens.access_token.clone());
    if let Some(token) = &tokens.refresh_token {
        grant.set(REFRESH_TOKEN, token.clone());
    }
    let life = tokens.refresh_lifetime.map_or(max_age, |life| life.min(max_age));
    grant.refresh_expires_at = received_at.checked_add(life);
}

/// Whether the grant is that of a guest.
pub(super) fn is_guest(grant: &Grant) -> bool {
    grant.identity.as_ref().is_some_and(|identity| identity.is_guest)
}

/// The mark of grants of this client of this project.
pub(super) fn issued_by(settings: &CommercetoolsSettings) -> String {
    let mut hash = Sha256::new_with_prefix(b"ironleaf/v1/commercetools");
    for part in [settings.auth_url.as_str(), &settings.project, &settings.client_id] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part);
    }
    // 96 bits: they only have to tell honest values apart, and take little of a cookie.
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..12])
}

/// Whether the tokens of the grant are of this client of this project.
pub(super) fn is_issued_by(grant: &Grant, issued_by: &str) -> bool {
    grant.field(ISSUED_BY).is_some_and(|mark| mark.expose() == issued_by)
}
