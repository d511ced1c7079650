//! A token that was found genuine.

use std::{fmt, time::SystemTime};

use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::{TokenError, base64url, numeric_date, scopes};

/// The claims of a token that was found genuine.
///
/// `Debug` prints the names of the claims without their values, which are personal data.
#[derive(Clone)]
pub struct Verified {
    /// All claims.
    pub claims: Map<String, Value>,
    /// The `kid` of the header.
    pub kid: Option<String>,
    /// The algorithm of the signature.
    pub algorithm: Algorithm,
}

impl Verified {
    /// A claim that is text. `None` also if it is something else.
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// A claim that is a time, such as `auth_time`. `None` also if it is something else.
    pub fn time(&self, claim: &str) -> Option<SystemTime> {
        numeric_date::read(self.claims.get(claim)?)
    }

    /// `iss`.
    pub fn issuer(&self) -> Option<&str> {
        self.text("iss")
    }

    /// `sub`.
    pub fn subject(&self) -> Option<&str> {
        self.text("sub")
    }

    /// `exp`.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.time("exp")
    }

    /// `iat`.
    pub fn issued_at(&self) -> Option<SystemTime> {
        self.time("iat")
    }

    /// The scopes in `scope` and `scp`, each once. Both are read as text with spaces and as array.
    pub fn scopes(&self) -> Vec<String> {
        scopes::read(&self.claims)
    }

    /// Checks that this ID token came together with the access token (OpenID Connect Core 3.1.3.8). Without `at_hash`,
    /// which is optional in the authorization code flow, nothing is checked.
    ///
    /// # Errors
    ///
    /// If `at_hash` is not that of the access token.
    pub fn check_access_token(&self, access_token: &str) -> Result<(), TokenError> {
        let expected = match self.claims.get("at_hash") {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::String(expected)) => expected,
            Some(_) => return Err(TokenError::InvalidClaim("at_hash")),
        };
        let digest = digest(self.algorithm, access_token.as_bytes());
        let left_half = &digest[..digest.len() / 2];
        if base64url::encode(left_half) == *expected { Ok(()) } else { Err(TokenError::AccessTokenHash) }
    }
}

/// The hash function that belongs to the algorithm. For Ed25519 it is SHA-512, which that signature is made with.
fn digest(algorithm: Algorithm, bytes: &[u8]) -> Vec<u8> {
    match algorithm {
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 | Algorithm::HS384 => {
            Sha384::digest(bytes).to_vec()
        }
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA | Algorithm::HS512 => {
            Sha512::digest(bytes).to_vec()
        }
        _ => Sha256::digest(bytes).to_vec(),
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.claims.keys().collect();
        formatter
            .debug_struct("Verified")
            .field("claims", &names)
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish()
    }
}
