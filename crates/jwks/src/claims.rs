//! The checks of claims. They happen after the signature was checked.

use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::{OtherAudiences, Rules, TokenError, Verified, numeric_date, token::Token};

type Claims = Map<String, Value>;

/// Checks the claims of a token whose signature is genuine.
pub(crate) fn check(token: &Token<'_>, rules: &Rules, now: SystemTime) -> Result<Verified, TokenError> {
    let claims = token.claims()?;
    check_presence(&claims, rules)?;
    check_issuer(&claims, rules)?;
    check_audience(&claims, rules)?;
    check_times(&claims, rules, now)?;
    check_subject(&claims, rules)?;
    check_nonce(&claims, rules)?;
    check_event(&claims, rules)?;
    Ok(Verified { claims, kid: token.kid.clone(), algorithm: token.algorithm })
}

fn check_presence(claims: &Claims, rules: &Rules) -> Result<(), TokenError> {
    // `null` says as little as a claim that is absent.
    let is_present = |name: &&str| claims.get(*name).is_some_and(|value| !value.is_null());
    if let Some(missing) = rules.required.iter().find(|name| !is_present(name)) {
        return Err(TokenError::MissingClaim(missing));
    }
    if let Some(forbidden) = rules.forbidden.iter().find(|name| claims.contains_key(**name)) {
        return Err(TokenError::ForbiddenClaim(forbidden));
    }
    match rules.required_one_of.first() {
        Some(first) if !rules.required_one_of.iter().any(is_present) => Err(TokenError::MissingClaim(first)),
        _ => Ok(()),
    }
}

fn check_issuer(claims: &Claims, rules: &Rules) -> Result<(), TokenError> {
    match text(claims, "iss")? {
        None => Err(TokenError::MissingClaim("iss")),
        Some(issuer) if issuer == rules.issuer => Ok(()),
        Some(_) => Err(TokenError::Issuer),
    }
}

/// RFC 7519 section 4.1.3, OpenID Connect Core 3.1.3.7.
fn check_audience(claims: &Claims, rules: &Rules) -> Result<(), TokenError> {
    let audiences = audiences(claims)?;
    let is_ours = |audience: &str| rules.audiences.iter().any(|ours| ours == audience);
    if !audiences.iter().any(|audience| is_ours(audience)) {
        return Err(TokenError::Audience);
    }
    if let OtherAudiences::RefusedExcept(trusted) = &rules.other_audiences {
        let is_trusted = |audience: &str| trusted.iter().any(|other| other == audience);
        if !audiences.iter().all(|audience| is_ours(audience) || is_trusted(audience)) {
            return Err(TokenError::ExtraAudience);
        }
    }
    match (&rules.authorized_party, text(claims, "azp")?) {
        (Some(ours), Some(party)) if ours != party => Err(TokenError::AuthorizedParty),
        _ => Ok(()),
    }
}

fn audiences(claims: &Claims) -> Result<Vec<&str>, TokenError> {
    const NAME: &str = "aud";
    match claims.get(NAME) {
        None | Some(Value::Null) => Err(TokenError::MissingClaim(NAME)),
        Some(Value::String(audience)) => Ok(vec![audience]),
        Some(Value::Array(audiences)) => {
            let texts: Option<Vec<&str>> = audiences.iter().map(Value::as_str).collect();
            texts.ok_or(TokenError::InvalidClaim(NAME))
        }
        Some(_) => Err(TokenError::InvalidClaim(NAME)),
    }
}

/// RFC 7519 sections 4.1.4 to 4.1.6. Each limit is moved by the permitted skew in the token's favour.
fn check_times(claims: &Claims, rules: &Rules, now: SystemTime) -> Result<(), TokenError> {
    let latest_now = now.checked_add(rules.skew).unwrap_or(now);
    let earliest_now = now.checked_sub(rules.skew).unwrap_or(SystemTime::UNIX_EPOCH);
    if time(claims, "exp")?.is_some_and(|end| end <= earliest_now) {
        return Err(TokenError::Expired);
    }
    if time(claims, "nbf")?.is_some_and(|begin| begin > latest_now) {
        return Err(TokenError::NotYetValid);
    }
    let issued = time(claims, "iat")?;
    if issued.is_some_and(|issued| issued > latest_now) {
        return Err(TokenError::IssuedInFuture);
    }
    let Some(max_age) = rules.max_age else { return Ok(()) };
    let issued = issued.ok_or(TokenError::MissingClaim("iat"))?;
    let is_too_old = earliest_now.duration_since(issued).is_ok_and(|age| age > max_age);
    if is_too_old { Err(TokenError::TooOld) } else { Ok(()) }
}

fn check_subject(claims: &Claims, rules: &Rules) -> Result<(), TokenError> {
    match (&rules.subject, text(claims, "sub")?) {
        (_, Some("")) => Err(TokenError::InvalidClaim("sub")),
        (Some(_), None) => Err(TokenError::MissingClaim("sub")),
        (Some(expected), Some(subject)) if expected != subject => Err(TokenError::Subject),
        _ => Ok(()),
    }
}

fn check_nonce(claims: &Claims, rules: &Rules) -> Result<(), TokenError> {
    match (&rules.nonce, text(claims, "nonce")?) {
        (Some(_), None) => Err(TokenError::MissingClaim("nonce")),
        (Some(expected), Some(nonce)) if expected != nonce => Err(TokenError::Nonce),
        _ => Ok(()),
    }
}

/// OpenID Connect Back-Channel Logout 1.0, section 2.4: an object with a member that is itself an object.
fn check_event(claims: &Claims, rules: &Rules) -> Result<(), TokenError> {
    let Some(expected) = &rules.event else { return Ok(()) };
    match claims.get("events") {
        None | Some(Value::Null) => Err(TokenError::MissingClaim("events")),
        Some(events) if events.get(expected).is_some_and(Value::is_object) => Ok(()),
        Some(_) => Err(TokenError::Event),
    }
}

/// A claim that must be text if it is there.
fn text<'a>(claims: &'a Claims, name: &'static str) -> Result<Option<&'a str>, TokenError> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::InvalidClaim(name)),
    }
}

/// A claim that must be a time if it is there.
fn time(claims: &Claims, name: &'static str) -> Result<Option<SystemTime>, TokenError> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => numeric_date::read(value).map(Some).ok_or(TokenError::InvalidClaim(name)),
    }
}
