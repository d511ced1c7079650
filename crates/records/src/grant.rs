//! The encoding of a grant. Cookies and stores keep these bytes across deployments: every written version stays
//! readable.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ironleaf_auth::{Grant, Identity, SecretText};
use ironleaf_session::{Decoder, Encoder, PayloadError};

/// Writes a grant, including the identity. Data that a newer version has appended comes last, unchanged.
pub fn encode_grant(grant: &Grant, out: &mut Encoder) {
    out.option(grant.identity.as_deref(), encode_identity);
    out.option(grant.provider_sid.as_deref(), Encoder::str);
    out.varint(grant.generation);
    encode_tokens(grant, out);
    out.bool(grant.ends_with_browser);
    out.raw(grant.appended());
}

/// Reads what [`encode_grant`] wrote, to the end of the input.
///
/// # Errors
///
/// [`PayloadError`] if the input is anything else.
pub fn decode_grant(input: &mut Decoder<'_>) -> Result<Grant, PayloadError> {
    let identity = input.option(decode_identity)?.map(Arc::new);
    let provider_sid = input.option(|input| input.str().map(str::to_owned))?;
    let generation = input.varint()?;
    let mut grant = decode_tokens(input)?;
    (grant.identity, grant.provider_sid, grant.generation) = (identity, provider_sid, generation);
    // It was appended later: whoever signed in before that is remembered.
    grant.ends_with_browser = !input.is_empty() && input.bool()?;
    Ok(grant.with_appended(input.rest()))
}

fn encode_tokens(grant: &Grant, out: &mut Encoder) {
    out.option(grant.access_expires_at, Encoder::millis);
    out.option(grant.access_lifetime, |out, lifetime| {
        out.varint(lifetime.as_secs());
    });
    out.option(grant.refresh_expires_at, Encoder::millis);
    let fields = grant.fields();
    out.varint(fields.len() as u64);
    for (number, value) in fields {
        out.u8(number);
        out.token(value.expose());
    }
}

/// This is also the whole grant of the first version.
pub(crate) fn decode_tokens(input: &mut Decoder<'_>) -> Result<Grant, PayloadError> {
    let mut grant = Grant::default();
    grant.access_expires_at = input.option(Decoder::millis)?;
    grant.access_lifetime = input.option(|input| input.varint().map(Duration::from_secs))?;
    grant.refresh_expires_at = input.option(Decoder::millis)?;
    for _ in 0..input.varint()? {
        let number = input.u8()?;
        grant.set(number, SecretText::from(input.token()?.as_str()));
    }
    Ok(grant)
}

fn encode_identity(out: &mut Encoder, identity: &Identity) {
    out.str(&identity.id);
    out.option(identity.email.as_deref(), Encoder::str);
    out.option(identity.unverified_email.as_deref(), Encoder::str);
    out.bool(identity.is_guest);
    out.varint(identity.roles.len() as u64);
    for role in &identity.roles {
        out.str(role.name());
    }
    out.varint(identity.claims.len() as u64);
    for (name, value) in &identity.claims {
        out.str(name);
        out.str(value);
    }
}

fn decode_identity(input: &mut Decoder<'_>) -> Result<Identity, PayloadError> {
    let text = |input: &mut Decoder<'_>| input.str().map(str::to_owned);
    let id = text(input)?;
    let email = input.option(text)?;
    let unverified_email = input.option(text)?;
    let is_guest = input.bool()?;
    let roles =
        (0..input.varint()?).map(|_| text(input).map(ironleaf_auth::Role::new)).collect::<Result<_, _>>()?;
    let claims = (0..input.varint()?)
        .map(|_| Ok((text(input)?, text(input)?)))
        .collect::<Result<BTreeMap<_, _>, PayloadError>>()?;
    Ok(Identity { id, email, roles, unverified_email, is_guest, claims })
}
