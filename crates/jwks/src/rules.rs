//! What a token must be to be accepted.

use std::time::Duration;

use ironleaf_ambient::CLOCK_SKEW;
use jsonwebtoken::Algorithm;

/// The event of a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.4).
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Every algorithm whose signature can be checked without being able to make one.
const ASYMMETRIC: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What a token must be to be accepted. Start with one of the constructors, and change what your provider does
/// differently:
///
/// ```
/// use std::time::Duration;
/// use ironleaf_jwks::Rules;
///
/// let rules = Rules { skew: Duration::from_secs(5), ..Rules::id_token("https://id.example.com", "my-client") };
/// # assert!(rules.required.contains(&"sub"));
/// ```
///
/// Whatever the rules say, `exp`, `nbf` and `iat` are checked where they are present.
#[derive(Clone, Debug)]
pub struct Rules {
    /// `iss`, which must be equal byte for byte.
    pub issuer: String,
    /// One of these must be in `aud`. If the list is empty, every token is refused.
    pub audiences: Vec<String>,
    /// What happens to a token that is for somebody else as well.
    pub other_audiences: OtherAudiences,
    /// If `azp` is present, it must be this.
    pub authorized_party: Option<String>,
    /// The accepted algorithms. Symmetric ones (`HS256` and others) are refused even if they are listed: whoever can
    /// check such a signature can also make one, and a public key could pass for the secret (RFC 8725 section 3.1).
    pub algorithms: Vec<Algorithm>,
    /// The accepted values of `typ` in the header, without `application/`. Case does not matter.
    pub types: Vec<String>,
    /// Whether a token without `typ` is refused.
    pub type_required: bool,
    /// The permitted difference between the provider's clock and ours.
    pub skew: Duration,
    /// The longest time since `iat`.
    pub max_age: Option<Duration>,
    /// Claims that must be present.
    pub required: Vec<&'static str>,
    /// Claims of which one must be present. Empty if there are none.
    pub required_one_of: Vec<&'static str>,
    /// Claims that must be absent.
    pub forbidden: Vec<&'static str>,
    /// `nonce` must be present and equal to this.
    pub nonce: Option<String>,
    /// `sub` must be this.
    pub subject: Option<String>,
    /// `events` must contain this member.
    pub event: Option<String>,
}

/// What happens to a token that is for somebody else as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherAudiences {
    /// It is accepted, as usual for access tokens.
    Allowed,
    /// It is refused, unless all the others are among these (OpenID Connect Core 3.1.3.7, step 3).
    RefusedExcept(Vec<String>),
}

impl Rules {
    /// Rules for the ID token of an authorization code flow or a renewal (OpenID Connect Core 3.1.3.7).
    ///
    /// Add the `nonce` of the sign-in with [`with_nonce`](Self::with_nonce), or the `sub` of the person who is signed
    /// in with [`with_subject`](Self::with_subject).
    pub fn id_token(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        let client_id = client_id.into();
        Self {
            other_audiences: OtherAudiences::RefusedExcept(Vec::new()),
            authorized_party: Some(client_id.clone()),
            types: vec!["JWT".to_owned()],
            required: vec!["sub", "exp", "iat"],
            ..Self::new(issuer.into(), client_id)
        }
    }

    /// Rules for an access token of RFC 9068.
    ///
    /// A token that is bound to a key of its sender (`cnf`: RFC 9449, RFC 8705) is refused, because nothing here checks
    /// that the sender has the key (RFC 9449 section 7.1).
    pub fn access_token(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            types: vec!["at+jwt".to_owned()],
            type_required: true,
            required: vec!["sub", "exp", "iat", "client_id", "jti"],
            forbidden: vec!["cnf"],
            ..Self::new(issuer.into(), audience.into())
        }
    }

    /// Rules for an access token of a provider that does not follow RFC 9068: `typ` may be `JWT` or absent, and only
    /// `sub` and `exp` are required.
    ///
    /// # Security
    ///
    /// An ID token cannot be told from such an access token by its type, only by its audience. So the audience must
    /// not be the id of a client.
    pub fn plain_access_token(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            types: vec!["at+jwt".to_owned(), "JWT".to_owned()],
            type_required: false,
            required: vec!["sub", "exp"],
            ..Self::access_token(issuer, audience)
        }
    }

    /// Rules for a logout token (OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.6).
    ///
    /// The specification recommends `typ`, and many providers send `JWT` or nothing. `events` and the absence of
    /// `nonce` tell it from an ID token. Whether its `jti` was seen before is for the caller to check.
    pub fn logout_token(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            other_audiences: OtherAudiences::RefusedExcept(Vec::new()),
            types: vec!["logout+jwt".to_owned(), "JWT".to_owned()],
            required: vec!["exp", "iat", "jti"],
            required_one_of: vec!["sub", "sid"],
            forbidden: vec!["nonce"],
            event: Some(LOGOUT_EVENT.to_owned()),
            ..Self::new(issuer.into(), client_id.into())
        }
    }

    /// Demands this `nonce`.
    #[must_use]
    pub fn with_nonce(self, nonce: impl Into<String>) -> Self {
        Self { nonce: Some(nonce.into()), ..self }
    }

    /// Demands this `sub`.
    #[must_use]
    pub fn with_subject(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }

    fn new(issuer: String, audience: String) -> Self {
        Self {
            issuer,
            audiences: vec![audience],
            other_audiences: OtherAudiences::Allowed,
            authorized_party: None,
            algorithms: ASYMMETRIC.to_vec(),
            types: Vec::new(),
            type_required: false,
            skew: CLOCK_SKEW,
            max_age: None,
            required: Vec::new(),
            required_one_of: Vec::new(),
            forbidden: Vec::new(),
            nonce: None,
            subject: None,
            event: None,
        }
    }
}
