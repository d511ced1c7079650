//! What the grant holds for this provider. The numbers are sealed into cookies: never reuse one.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ironleaf_auth::{Field, Grant, Identity, Random, SecretText};
use sha2::{Digest as _, Sha256};

pub(super) const ACCESS_TOKEN: Field = 1;
pub(super) const REFRESH_TOKEN: Field = 2;
/// There where the API said that it recognises a repeated refresh; one per refresh token.
pub(super) const IDEMPOTENCY_KEY: Field = 5;

/// A hash of the API's address. The tokens go nowhere else, also after the settings were changed. Grants of earlier
/// versions have none until their next refresh.
pub(super) const ISSUED_BY: Field = 7;

/// The address the refresh token belongs to, the one that waits to take its place, and the person's identifier: grants of the
/// first version have them beside the identity.
const FORMER_EMAIL: Field = 3;
const FORMER_UNVERIFIED_EMAIL: Field = 4;
const FORMER_USER_ID: Field = 6;

/// The tokens of one answer.
pub(super) struct Issued {
    pub(super) access_token: SecretText,
    /// `None` where the one that was presented stays good (RFC 6749, section 6).
    pub(super) refresh_token: Option<SecretText>,
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
    match &issued.refresh_token {
        _ if !issued.idempotent_refresh => grant.remove(IDEMPOTENCY_KEY),
        Some(token) => {
            let previous = grant.field(IDEMPOTENCY_KEY);
            let key = previous.map_or_else(first_key, |previous| following_key(previous, token));
            grant.set(IDEMPOTENCY_KEY, key);
        }
        // The same token again, and not the same refresh: under its key the API would repeat its answer.
        None => {
            if let Some((previous, token)) = grant.field(IDEMPOTENCY_KEY).zip(grant.field(REFRESH_TOKEN)) {
                let key = following_key(previous, token);
                grant.set(IDEMPOTENCY_KEY, key);
            }
        }
    }
    if let Some(token) = issued.refresh_token {
        grant.set(REFRESH_TOKEN, token);
    }
    for former in [FORMER_EMAIL, FORMER_UNVERIFIED_EMAIL, FORMER_USER_ID] {
        grant.remove(former);
    }
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

/// The addresses that the refresh token may belong to, the likeliest first: a refresh must name its owner's, and the one that
/// waits takes its place once it is verified, in whatever browser that happens.
pub(super) fn addresses(grant: &Grant) -> Vec<String> {
    let identity = grant.identity.as_deref();
    let known = identity.into_iter().flat_map(|user| [&user.email, &user.unverified_email]);
    let former = [FORMER_EMAIL, FORMER_UNVERIFIED_EMAIL].map(|field| grant.field(field));
    let former = former.into_iter().flatten().map(|address| address.expose().to_owned());
    let mut addresses: Vec<String> = Vec::new();
    for address in known.flatten().cloned().chain(former) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// Takes an address over that the API has just accepted as the owner's.
pub(super) fn confirm_address(grant: &mut Grant, email: &str) {
    if let Some(identity) = grant.identity.as_mut().filter(|known| known.email.as_deref() != Some(email)) {
        let identity: &mut Identity = Arc::make_mut(identity);
        identity.email = Some(email.to_owned());
        identity.unverified_email = None;
    }
}

/// Whether the tokens of the grant are of this API. Those without a mark are of an earlier version, which knew one API.
pub(super) fn is_issued_by(grant: &Grant, issued_by: Option<&str>) -> bool {
    let named = grant.field(ISSUED_BY).zip(issued_by);
    named.is_none_or(|(mark, issued_by)| mark.expose() == issued_by)
}

/// A random value that the API recognises a repeated refresh by.
pub(super) fn first_key(random: &Random) -> SecretText {
    // 128 bits, as much as the random part of the identifiers that the API makes for itself.
    let mut bytes = [0; 16];
    random(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes).into()
}
