//! Why a token is refused.

/// Why a token is refused. There is one reason for each check, so a log line tells what the provider does differently.
///
/// No variant contains a part of the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is not a signed token in compact form (RFC 7515 section 7.1) with a JSON object as header and as claims.
    #[error("the token is malformed")]
    Malformed,
    /// The algorithm of its header is not accepted: `none`, a symmetric one, or one that the rules do not list.
    #[error("the algorithm of the token is not accepted")]
    Algorithm,
    /// Its header demands an extension by `crit`, and none is supported (RFC 7515 section 4.1.11).
    #[error("the token demands an extension that is not supported")]
    Critical,
    /// The `typ` of its header is that of another kind of token (RFC 8725 section 3.11).
    #[error("the token is of another type")]
    Type,
    /// No key of the provider has the `kid` and the algorithm of the token.
    #[error("the key of the token is unknown")]
    UnknownKey,
    /// The signature was not made with the key.
    #[error("the signature of the token is wrong")]
    Signature,
    /// `iss` is somebody else.
    #[error("the token is from another issuer")]
    Issuer,
    /// `aud` names none of the accepted audiences.
    #[error("the token is for another audience")]
    Audience,
    /// `aud` also names an audience that is not trusted (OpenID Connect Core 3.1.3.7, step 3).
    #[error("the token is also for an audience that is not trusted")]
    ExtraAudience,
    /// `azp` is another client.
    #[error("the token was issued to another client")]
    AuthorizedParty,
    /// `exp` is over.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` is in the future.
    #[error("the token was issued in the future")]
    IssuedInFuture,
    /// `iat` is longer ago than the rules allow.
    #[error("the token was issued too long ago")]
    TooOld,
    /// A claim that the rules require is absent.
    #[error("the token has no {0}")]
    MissingClaim(&'static str),
    /// A claim has a value of the wrong kind, such as a time as text.
    #[error("the token has an invalid {0}")]
    InvalidClaim(&'static str),
    /// A claim is present that this kind of token must not have, such as `nonce` in a logout token.
    #[error("the token must not have {0}")]
    ForbiddenClaim(&'static str),
    /// `sub` is another person.
    #[error("the token is about somebody else")]
    Subject,
    /// `nonce` is not the one that was sent (OpenID Connect Core 3.1.3.7, step 11).
    #[error("the nonce of the token is not the one that was sent")]
    Nonce,
    /// `events` does not contain the event of the rules (OpenID Connect Back-Channel Logout 1.0, section 2.4).
    #[error("the token does not contain the expected event")]
    Event,
    /// `at_hash` belongs to another access token (OpenID Connect Core 3.1.3.8).
    #[error("the token belongs to another access token")]
    AccessTokenHash,
    /// The token cannot be judged, because the keys of the provider are not available. Contains the reason, for the
    /// log. It says nothing against the token: answer with 503, and end no session.
    #[error("the keys of the provider are not available: {0}")]
    KeysUnavailable(String),
}

impl TokenError {
    /// A stable word for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::Critical => "critical",
            Self::Type => "type",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::ExtraAudience => "extra_audience",
            Self::AuthorizedParty => "authorized_party",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedInFuture => "issued_in_future",
            Self::TooOld => "too_old",
            Self::MissingClaim(_) => "missing_claim",
            Self::InvalidClaim(_) => "invalid_claim",
            Self::ForbiddenClaim(_) => "forbidden_claim",
            Self::Subject => "subject",
            Self::Nonce => "nonce",
            Self::Event => "event",
            Self::AccessTokenHash => "access_token_hash",
            Self::KeysUnavailable(_) => "keys_unavailable",
        }
    }
}
