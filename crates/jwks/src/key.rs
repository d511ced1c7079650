//! One public key of a key set.

use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, crypto};
use serde_json::{Map, Value};

use crate::{
    base64url,
    token::{Token, algorithm_named},
};

/// The lengths of RSA keys that are used. Shorter ones are weak (RFC 7518 section 3.3), longer ones cost too much time.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The longest public exponent of an RSA key. Larger ones make each check slow, and nobody uses them.
const LONGEST_EXPONENT_BYTES: usize = 4;

pub(crate) struct Key {
    kid: Option<String>,
    family: Family,
    /// The one algorithm that the provider uses it with, if the provider says so.
    only: Option<Algorithm>,
    verifying: DecodingKey,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Key {
    /// Reads a key (RFC 7517 section 4). `None` if it is of no use here: it is for encryption, it is symmetric, its
    /// kind is unknown, it is too short or invalid, or it is a private key, which nobody should have published.
    pub(crate) fn read(jwk: &Value) -> Option<Self> {
        let jwk = jwk.as_object()?;
        if !is_for_signatures(jwk) || jwk.contains_key("d") {
            return None;
        }
        let (family, verifying) = match member(jwk, "kty")? {
            "RSA" => (Family::Rsa, rsa(jwk)?),
            "EC" => elliptic(jwk)?,
            "OKP" => (Family::Ed25519, edwards(jwk)?),
            _ => return None,
        };
        let only = match jwk.get("alg") {
            None | Some(Value::Null) => None,
            Some(name) => Some(algorithm_named(name.as_str()?)?),
        };
        let kid = match jwk.get("kid") {
            None | Some(Value::Null) => None,
            Some(kid) => Some(kid.as_str()?.to_owned()),
        };
        let key = Self { kid, family, only, verifying };
        // A key that no algorithm can use with its kind, such as an RSA key with `alg: ES256`.
        key.only.is_none_or(|only| key.family.can(only)).then_some(key)
    }

    /// Whether this key may have signed the token. A token without `kid` may be signed by any key of its algorithm.
    pub(crate) fn may_have_signed(&self, token: &Token<'_>) -> bool {
        self.family.can(token.algorithm)
            && self.only.is_none_or(|only| only == token.algorithm)
            && token.kid.as_ref().is_none_or(|kid| self.kid.as_ref() == Some(kid))
    }

    /// Whether the signature of the token was made with this key.
    pub(crate) fn signed(&self, token: &Token<'_>) -> bool {
        crypto::verify(token.signature, token.signed.as_bytes(), &self.verifying, token.algorithm)
            .unwrap_or(false)
    }
}

impl Family {
    fn can(self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa => algorithm.family() == AlgorithmFamily::Rsa,
            Self::P256 => algorithm == Algorithm::ES256,
            Self::P384 => algorithm == Algorithm::ES384,
            Self::Ed25519 => algorithm == Algorithm::EdDSA,
        }
    }
}

/// What the provider says a key is for (RFC 7517 sections 4.2 and 4.3).
fn is_for_signatures(jwk: &Map<String, Value>) -> bool {
    let by_use = jwk.get("use").is_none_or(|value| value == "sig");
    let by_operations = match jwk.get("key_ops") {
        None => true,
        Some(operations) => operations.as_array().is_some_and(|all| all.iter().any(|one| one == "verify")),
    };
    by_use && by_operations
}

/// RFC 7518 section 6.3.1. Zero bytes in front, which some providers send, do not count.
fn rsa(jwk: &Map<String, Value>) -> Option<DecodingKey> {
    let modulus = base64url::decode(member(jwk, "n")?)?;
    let exponent = base64url::decode(member(jwk, "e")?)?;
    let (modulus, exponent) = (without_zeros(&modulus), without_zeros(&exponent));
    let unused_bits = modulus.first()?.leading_zeros() as usize;
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    let is_fit = RSA_BITS.contains(&(modulus.len() * 8 - unused_bits))
        && is_odd(modulus)
        && exponent.len() <= LONGEST_EXPONENT_BYTES
        && is_odd(exponent)
        && exponent != [1];
    is_fit.then(|| DecodingKey::from_rsa_raw_components(modulus, exponent))
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// RFC 7518 section 6.2.1.
fn elliptic(jwk: &Map<String, Value>) -> Option<(Family, DecodingKey)> {
    let (family, coordinate_bytes) = match member(jwk, "crv")? {
        "P-256" => (Family::P256, 32),
        "P-384" => (Family::P384, 48),
        _ => return None,
    };
    // The uncompressed form of a point (SEC 1 section 2.3.3).
    let mut point = vec![4];
    for name in ["x", "y"] {
        let coordinate = base64url::decode(member(jwk, name)?)?;
        if coordinate.len() != coordinate_bytes {
            return None;
        }
        point.extend_from_slice(&coordinate);
    }
    Some((family, DecodingKey::from_ec_der(&point)))
}

/// RFC 8037 section 2.
fn edwards(jwk: &Map<String, Value>) -> Option<DecodingKey> {
    let x = base64url::decode(member(jwk, "x")?)?;
    (member(jwk, "crv")? == "Ed25519" && x.len() == 32).then(|| DecodingKey::from_ed_der(&x))
}

fn member<'a>(jwk: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    jwk.get(name)?.as_str()
}
