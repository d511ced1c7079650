//! What the grant holds for this provider. The numbers are sealed into cookies: never reuse one.

use std::time::{Duration, SystemTime};

use ironleaf_auth::{Field, Grant, SecretText};

pub(super) const ACCESS_TOKEN: Field = 1;
pub(super) const REFRESH_TOKEN: Field = 2;
/// The newest mask of the CSRF secret that was seen. It belongs to the access token beside it.
pub(super) const CSRF: Field = 3;
/// A hash of the API's address. The tokens go nowhere else, also after the settings were changed.
pub(super) const ISSUED_BY: Field = 4;

/// The tokens of one answer.
pub(super) struct Issued {
    pub(super) access_token: SecretText,
    pub(super) access_lifetime: Duration,
    /// The refresh token with its lifetime. `None` in the answer to a refresh: the one that was presented stays, and so
    /// does its end.
    pub(super) refresh: Option<(SecretText, Duration)>,
    pub(super) csrf: Option<SecretText>,
}

/// Puts fresh tokens in place of the old ones; what is known of the person stays.
pub(super) fn replace_tokens(grant: &mut Grant, issued: Issued, received_at: SystemTime) {
    grant.access_expires_at = received_at.checked_add(issued.access_lifetime);
    grant.access_lifetime = Some(issued.access_lifetime);
    grant.set(ACCESS_TOKEN, issued.access_token);
    // The values of the last access token are dead, so an answer without one leaves none.
    match issued.csrf {
        Some(csrf) => grant.set(CSRF, csrf),
        None => grant.remove(CSRF),
    }
    if let Some((token, lifetime)) = issued.refresh {
        grant.refresh_expires_at = received_at.checked_add(lifetime);
        grant.set(REFRESH_TOKEN, token);
    }
}

/// Whether the tokens of the grant are of this API.
pub(super) fn is_issued_by(grant: &Grant, issued_by: &str) -> bool {
    grant.field(ISSUED_BY).is_some_and(|mark| mark.expose() == issued_by)
}
