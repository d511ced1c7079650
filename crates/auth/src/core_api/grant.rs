//! What the grant holds for this provider. The numbers are sealed into cookies: never reuse one.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ironleaf_api_types::User;
use sha2::{Digest as _, Sha256};

use crate::{Field, Grant, SecretText};

pub(super) const ACCESS_TOKEN: Field = 1;
pub(super) const REFRESH_TOKEN: Field = 2;
/// The address the refresh token belongs to: a refresh must name it.
pub(super) const EMAIL: Field = 3;
/// The address that takes its place once it is verified, in whatever browser that happens.
pub(super) const UNVERIFIED_EMAIL: Field = 4;
/// There where the API said that it recognises a repeated refresh; one per refresh token.
pub(super) const IDEMPOTENCY_KEY: Field = 5;
pub(super) const USER_ID: Field = 6;

/// The tokens of one answer.
pub(super) struct Issued {
    pub(super) access_token: SecretText,
    pub(super) refresh_token: SecretText,
    pub(super) lifetime: Duration,
    /// Whether the API recognises a repeated refresh by its key.
    pub(super) idempotent_refresh: bool,
}

/// Puts fresh tokens in place of the old ones; what is known of the person stays.
pub(super) fn replace_tokens(
    grant: &mut Grant,
    issued: Issued,
    received_at: SystemTime,
    refresh_token_max_age: Duration,
    first_key: impl FnOnce() -> SecretText,
) {
    grant.access_expires_at = received_at.checked_add(issued.lifetime);
    grant.access_lifetime = Some(issued.lifetime);
    grant.refresh_expires_at = received_at.checked_add(refresh_token_max_age);
    grant.set(ACCESS_TOKEN, issued.access_token);
    if issued.idempotent_refresh {
        let previous = grant.field(IDEMPOTENCY_KEY);
        let key = previous.map_or_else(first_key, |previous| following_key(previous, &issued.refresh_token));
        grant.set(IDEMPOTENCY_KEY, key);
    } else {
        grant.remove(IDEMPOTENCY_KEY);
    }
    grant.set(REFRESH_TOKEN, issued.refresh_token);
}

/// Not random: two replicas that repeat one refresh, because they cannot see each other, get one pair of tokens, and must
/// present it under one key again.
fn following_key(previous: &SecretText, refresh_token: &SecretText) -> SecretText {
    let hash = Sha256::new()
        .chain_update(b"ironleaf/v1/idempotency-key\0")
        .chain_update(previous.expose())
        .chain_update([0])
        .chain_update(refresh_token.expose())
        .finalize();
    URL_SAFE_NO_PAD.encode(&hash[..16]).into()
}

/// Takes both addresses over from the person's own record; says whether that changed anything.
pub(super) fn adopt_addresses(grant: &mut Grant, user: &User) -> bool {
    if grant.field(USER_ID).map(SecretText::expose) != Some(&user.id) {
        return false;
    }
    let changed = grant.field(EMAIL).map(SecretText::expose) != Some(&user.email)
        || grant.field(UNVERIFIED_EMAIL).map(SecretText::expose) != user.unverified_email.as_deref();
    if changed {
        set_addresses(grant, &user.email, user.unverified_email.as_deref());
    }
    changed
}

/// Takes an address over that the API has just accepted as the owner's.
pub(super) fn confirm_address(grant: &mut Grant, email: &str) {
    if grant.field(EMAIL).map(SecretText::expose) != Some(email) {
        set_addresses(grant, email, None);
    }
}

fn set_addresses(grant: &mut Grant, email: &str, unverified: Option<&str>) {
    grant.set(EMAIL, email);
    match unverified {
        Some(address) => grant.set(UNVERIFIED_EMAIL, address),
        None => grant.remove(UNVERIFIED_EMAIL),
    }
}
