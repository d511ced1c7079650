//! A signed token in compact form, taken apart (RFC 7515 section 7.1). Nothing here is trusted yet.

use std::str::FromStr as _;

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use serde_json::{Map, Value};

use crate::{Rules, TokenError, base64url};

/// A longer token is refused before it is decoded. Servers rarely accept a header of this length.
const LONGEST_BYTES: usize = 64 * 1024;

/// What the header says, and the parts that the signature is about.
pub(crate) struct Token<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
    /// Header and claims as they were signed.
    pub(crate) signed: &'a str,
    pub(crate) signature: &'a str,
    claims: &'a str,
}

impl<'a> Token<'a> {
    /// Takes it apart and checks its header, before any key is looked for.
    pub(crate) fn parse(token: &'a str, rules: &Rules) -> Result<Self, TokenError> {
        if token.len() > LONGEST_BYTES {
            return Err(TokenError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        if claims.contains('.') || base64url::decode(signature).is_none() {
            return Err(TokenError::Malformed);
        }
        let header = object(header)?;
        // RFC 7515 section 4.1.11: an extension that is not understood makes the token invalid. None is understood.
        if header.contains_key("crit") {
            return Err(TokenError::Critical);
        }
        let algorithm = accepted_algorithm(&header, rules)?;
        check_type(&header, rules)?;
        let kid = text(&header, "kid")?.map(str::to_owned);
        Ok(Self { algorithm, kid, signed, signature, claims })
    }

    /// Only for use once the signature is known to be genuine.
    pub(crate) fn claims(&self) -> Result<Map<String, Value>, TokenError> {
        object(self.claims)
    }
}

fn accepted_algorithm(header: &Map<String, Value>, rules: &Rules) -> Result<Algorithm, TokenError> {
    let name = text(header, "alg")?.ok_or(TokenError::Malformed)?;
    let algorithm = algorithm_named(name).ok_or(TokenError::Algorithm)?;
    // SECURITY: with a symmetric algorithm, a public key could pass for the secret (RFC 8725 section 2.1).
    if algorithm.family() == AlgorithmFamily::Hmac || !rules.algorithms.contains(&algorithm) {
        return Err(TokenError::Algorithm);
    }
    Ok(algorithm)
}

/// `None` if it is not supported.
pub(crate) fn algorithm_named(name: &str) -> Option<Algorithm> {
    match name {
        // RFC 9864 section 2.2: the same algorithm under the name of its curve.
        "Ed25519" => Some(Algorithm::EdDSA),
        _ => Algorithm::from_str(name).ok(),
    }
}

fn check_type(header: &Map<String, Value>, rules: &Rules) -> Result<(), TokenError> {
    let Some(typ) = text(header, "typ")? else {
        return if rules.type_required { Err(TokenError::Type) } else { Ok(()) };
    };
    let typ = without_application(typ);
    let accepted = rules.types.iter().any(|accepted| without_application(accepted).eq_ignore_ascii_case(typ));
    if accepted { Ok(()) } else { Err(TokenError::Type) }
}

/// RFC 7515 section 4.1.9: `application/` may be left out where no other slash follows.
fn without_application(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => typ,
    }
}

/// A parameter of the header. One that is not text makes the token malformed.
fn text<'a>(header: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, TokenError> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(TokenError::Malformed),
    }
}

fn object(part: &str) -> Result<Map<String, Value>, TokenError> {
    let bytes = base64url::decode(part).ok_or(TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}
