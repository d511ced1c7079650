use ironleaf_providers::AssertionAudience;

use crate::config::Reader;

/// How the application proves to the provider that it is its client (OpenID Connect Core 1.0, section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientAuth {
    /// Identifier and secret in the `Authorization` header.
    SecretBasic,
    /// The secret in the body.
    SecretPost,
    /// A statement signed with the key of `OIDC_CLIENT_KEY_FILE`.
    PrivateKeyJwt,
    /// Nothing: a public client.
    Public,
}

impl ClientAuth {
    const ALL: [Self; 4] = [Self::SecretBasic, Self::SecretPost, Self::PrivateKeyJwt, Self::Public];

    /// The name of the method in the provider's metadata.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SecretBasic => "client_secret_basic",
            Self::SecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::Public => "none",
        }
    }

    pub(super) const fn has_secret(self) -> bool {
        matches!(self, Self::SecretBasic | Self::SecretPost)
    }

    /// The method of `OIDC_CLIENT_AUTH`.
    pub(super) fn read(read: &mut Reader<'_>) -> Self {
        let default = Self::ALL[0];
        let text = read.text("OIDC_CLIENT_AUTH", default.name());
        Self::ALL.into_iter().find(|auth| auth.name() == text).unwrap_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            read.problem(format!("OIDC_CLIENT_AUTH is `{text}`: it must be one of {known}"));
            default
        })
    }
}

const ASSERTION_AUDIENCE: &str = "OIDC_CLIENT_ASSERTION_AUDIENCE";

/// Whom a signed statement is addressed to: `OIDC_CLIENT_ASSERTION_AUDIENCE`, which only a client that signs can have.
pub(super) fn assertion_audience(read: &mut Reader<'_>, auth: ClientAuth) -> AssertionAudience {
    let Some(text) = read.optional(ASSERTION_AUDIENCE) else { return AssertionAudience::default() };
    if auth != ClientAuth::PrivateKeyJwt {
        let name = auth.name();
        read.problem(format!(
            "{ASSERTION_AUDIENCE} is set, and OIDC_CLIENT_AUTH={name} does not use it: keep one of them"
        ));
    }
    let known = [AssertionAudience::TokenEndpoint, AssertionAudience::Issuer];
    known.into_iter().find(|audience| audience_name(*audience) == text).unwrap_or_else(|| {
        let known = known.map(audience_name).join(" or ");
        read.problem(format!("{ASSERTION_AUDIENCE} is `{text}`: it must be {known}"));
        AssertionAudience::default()
    })
}

pub(super) const fn audience_name(audience: AssertionAudience) -> &'static str {
    match audience {
        AssertionAudience::TokenEndpoint => "token_endpoint",
        AssertionAudience::Issuer => "issuer",
    }
}
