//! How the application proves to the provider that it is its client (OpenID Connect Core 1.0, section 9).

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, HeaderValue};
use ironleaf_auth::{Random, SecretText};
use ironleaf_jwks::Algorithm;
use jsonwebtoken::{AlgorithmFamily, EncodingKey, Header};
use serde_json::json;
use thiserror::Error;

use super::wire::Form;
use crate::oauth::basic;

/// How the application proves that it is the client.
#[derive(Debug, Clone)]
pub enum ClientAuthentication {
    /// It does not: a public client, which only PKCE protects.
    Public,
    /// `client_secret_basic`: identifier and secret, each form-encoded, in the `Authorization` header (RFC 6749,
    /// section 2.3.1).
    SecretBasic(SecretText),
    /// `client_secret_post`: the secret in the body.
    SecretPost(SecretText),
    /// `private_key_jwt`: a statement signed with a key whose public half the provider knows (RFC 7523).
    PrivateKeyJwt(ClientKey),
}

impl ClientAuthentication {
    /// The name of the method in the provider's metadata.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Public => "none",
            Self::SecretBasic(_) => "client_secret_basic",
            Self::SecretPost(_) => "client_secret_post",
            Self::PrivateKeyJwt(_) => "private_key_jwt",
        }
    }
}

/// The private key of a client.
#[derive(Clone)]
pub struct ClientKey {
    key: EncodingKey,
    algorithm: Algorithm,
    key_id: Option<String>,
    audience: AssertionAudience,
}

/// Whom the signed statement of a client is addressed to (`aud`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AssertionAudience {
    /// The token endpoint, as RFC 7523, section 3, suggests. Every provider accepts it.
    #[default]
    TokenEndpoint,
    /// The issuer, which newer profiles such as FAPI 2.0 demand.
    Issuer,
}

/// Why a private key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClientKeyError {
    /// It is not a private key in PEM.
    #[error("the key is not a private key in PEM (PKCS #8, or PKCS #1 for RSA)")]
    NotAKey,
    /// It is not a key for this algorithm.
    #[error("the key is not for the algorithm {0:?}")]
    OtherAlgorithm(Algorithm),
    /// With the algorithm, whoever can check a statement could also make one.
    #[error("the algorithm must be RS256, PS256, ES256, EdDSA or one of their kind")]
    Symmetric,
}

impl ClientKey {
    /// Reads a private key in PEM. `key_id` is the `kid` under which the provider knows it.
    ///
    /// # Errors
    ///
    /// See [`ClientKeyError`].
    pub fn from_pem(
        pem: &SecretText,
        algorithm: Algorithm,
        key_id: Option<String>,
    ) -> Result<Self, ClientKeyError> {
        let pem = pem.expose().as_bytes();
        let key = match algorithm.family() {
            AlgorithmFamily::Hmac => return Err(ClientKeyError::Symmetric),
            AlgorithmFamily::Rsa => EncodingKey::from_rsa_pem(pem),
            AlgorithmFamily::Ec => EncodingKey::from_ec_pem(pem),
            AlgorithmFamily::Ed => EncodingKey::from_ed_pem(pem),
        };
        let key = key.map_err(|_| ClientKeyError::NotAKey)?;
        let audience = AssertionAudience::default();
        // Only a signature shows whether the key fits, such as the curve of an elliptic one.
        jsonwebtoken::encode(&Header::new(algorithm), &json!({}), &key)
            .map_err(|_| ClientKeyError::OtherAlgorithm(algorithm))?;
        Ok(Self { key, algorithm, key_id, audience })
    }

    /// The same key, for statements that are addressed to somebody else.
    #[must_use]
    pub fn addressed_to(self, audience: AssertionAudience) -> Self {
        Self { audience, ..self }
    }

    /// A statement that is good for one request (RFC 7523, section 3). `None` if the key fails, which it did not when
    /// it was read.
    fn assertion(&self, client: &Client<'_>, now: SystemTime, random: &Random) -> Option<SecretText> {
        let mut unique = [0; 16];
        random(&mut unique);
        let issued_at = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let audience = match self.audience {
            AssertionAudience::TokenEndpoint => client.token_endpoint,
            AssertionAudience::Issuer => client.issuer,
        };
        let claims = json!({
            "iss": client.id, "sub": client.id, "aud": audience, "jti": URL_SAFE_NO_PAD.encode(unique),
            "iat": issued_at.as_secs(), "exp": (issued_at + ASSERTION_LIFE).as_secs(),
        });
        let header = Header { kid: self.key_id.clone(), ..Header::new(self.algorithm) };
        jsonwebtoken::encode(&header, &claims, &self.key).ok().map(SecretText::from)
    }
}

/// Shows nothing of the key.
impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

/// Longer than a request takes, with a clock that is half a minute behind.
const ASSERTION_LIFE: Duration = Duration::from_mins(1);

/// RFC 7523, section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Who is asking whom.
pub(super) struct Client<'a> {
    pub(super) id: &'a str,
    pub(super) issuer: &'a str,
    pub(super) token_endpoint: &'a str,
}

impl ClientAuthentication {
    /// Adds the proof to the form. Returns the `Authorization` header of the request, if there is one.
    pub(super) fn prove(
        &self,
        client: &Client<'_>,
        form: &mut Form,
        now: SystemTime,
        random: &Random,
    ) -> Option<HeaderValue> {
        let mut header = None;
        match self {
            Self::Public => form.set("client_id", client.id),
            Self::SecretBasic(secret) => header = basic(client.id, secret),
            Self::SecretPost(secret) => {
                form.set("client_id", client.id);
                form.set("client_secret", secret.expose());
            }
            Self::PrivateKeyJwt(key) => {
                form.set("client_id", client.id);
                if let Some(assertion) = key.assertion(client, now, random) {
                    form.set("client_assertion_type", ASSERTION_TYPE);
                    form.set("client_assertion", assertion.expose());
                }
            }
        }
        header
    }

    /// Where the proof of a request goes.
    pub(super) const HEADER: http::HeaderName = AUTHORIZATION;
}
